//! The sky and what is in it.

use super::canvas::{Canvas, Place, circle, circles, curve, oval, polygon, polyline, rect};
use super::colour::{Colour, WHITE, hex};
use super::dice::Dice;
use super::reading::{Scene, Time};

/// Sun or moon, for whatever it shines on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lamp {
    pub(super) place: Place,
    pub(super) colour: Colour,
}

/// What the light does to the colours of the land.
#[derive(Debug, Clone, Copy)]
pub(super) struct Light {
    tint: Colour,
    share: f32,
}

impl Light {
    pub(super) fn of(scene: &Scene) -> Self {
        let (tint, share) = match scene.time {
            Time::Morning => (hex(0xff_d9_a0), 0.16),
            Time::Day => (WHITE, 0.0),
            Time::Sunset => (hex(0x5a_1f_4e), 0.42),
            Time::Night => (hex(0x0a_12_36), 0.66),
        };
        let dull = scene.has_any(&["rain", "fog", "clouds"]) && scene.time == Time::Day;
        if dull { Self { tint: hex(0x7c_88_96), share: 0.35 } } else { Self { tint, share } }
    }

    /// A colour of daylight in this light.
    pub(super) fn on(self, colour: Colour) -> Colour {
        colour.mix(self.tint, self.share)
    }

    /// The same for what is lit more, in front.
    pub(super) fn near(self, colour: Colour) -> Colour {
        colour.mix(self.tint, self.share * 0.55)
    }
}

/// Where the colours of the sky change, as shares of its height.
type Stops = [(f32, Colour); 4];

/// The colours of the sky from top to bottom.
pub(super) fn stops(scene: &Scene) -> Stops {
    let [top, high, low, bottom] = if scene.has("space") {
        [0x03_04_12, 0x0d_0b_2a, 0x24_12_4a, 0x3d_1a_5c]
    } else if scene.has("underwater") {
        [0x6f_dc_e8, 0x1f_9f_c4, 0x0d_63_9a, 0x06_2c_5c]
    } else if scene.has_any(&["rain", "clouds", "fog"]) && scene.time == Time::Day {
        [0x6b_7a_8c, 0x8d_9b_aa, 0xaf_ba_c4, 0xd3_da_de]
    } else {
        match scene.time {
            Time::Morning => [0x6f_b7_e9, 0xa9_d8_ee, 0xff_e3_b8, 0xff_f3_d6],
            Time::Day => [0x2f_86_dd, 0x6c_b4_ec, 0xa8_d6_f5, 0xdf_f2_fb],
            Time::Sunset => [0x31_23_62, 0x9a_3f_7c, 0xf2_74_4e, 0xff_d2_78],
            Time::Night => [0x05_08_1e, 0x0e_16_3c, 0x22_2c_62, 0x46_47_85],
        }
    };
    let mut dice = Dice::of(&scene.prompt, "sky");
    let accent = dice.pick(&[hex(0xff_8f_b0), hex(0x7f_d0_ff), hex(0xff_c8_70), hex(0xb0_90_ff)], WHITE);
    let turn = |code: u32| hex(code).mix(accent, 0.08);
    [
        (0.0, turn(top)),
        (dice.between(0.28, 0.42), turn(high)),
        (dice.between(0.68, 0.8), turn(low)),
        (1.0, turn(bottom)),
    ]
}

/// Paints the sky down to the horizon; says where the light comes from, if it shows.
pub(super) fn paint(canvas: &mut Canvas, scene: &Scene, horizon: f32) -> Option<Lamp> {
    let colours = stops(scene);
    canvas.blend(rect((0.0, 0.0), canvas.width, horizon), &colours);
    let [.., (_, lowest)] = colours;
    // Land is uneven: where it leaves a gap, there is sky.
    canvas.fade(rect((0.0, horizon - 1.0), canvas.width, canvas.height - horizon + 1.0), lowest, lowest);
    if scene.has("underwater") {
        rays(canvas, scene);
        return None;
    }
    if matches!(scene.time, Time::Night) {
        stars(canvas, scene, horizon);
    }
    if scene.has("space") {
        planets(canvas, scene, horizon);
        return None;
    }
    let lamp = (!scene.has_any(&["rain", "fog"])).then(|| lamp(canvas, scene, horizon));
    if scene.has("rainbow") {
        rainbow(canvas, horizon);
    }
    clouds(canvas, scene, horizon);
    lamp
}

fn lamp(canvas: &mut Canvas, scene: &Scene, horizon: f32) -> Lamp {
    let mut dice = Dice::of(&scene.prompt, "lamp");
    let (unit, width) = (canvas.unit, canvas.width);
    let side = dice.pick(&[0.3, 0.68], 0.3);
    let (height, radius, colour) = match scene.time {
        Time::Morning => (horizon - 16.0 * unit, 6.5, hex(0xff_f2_b0)),
        Time::Day => (horizon * 0.28, 6.0, hex(0xff_f6_c8)),
        Time::Sunset => (horizon - 7.5 * unit, 10.0, hex(0xff_e2_8a)),
        Time::Night => (horizon * 0.3, 6.5, hex(0xf4_f0_d8)),
    };
    let x = if scene.time == Time::Sunset { dice.between(0.42, 0.6) } else { side } * width;
    let (place, radius) = ((x, height), radius * unit);
    let far = if scene.time == Time::Night { 3.2 } else { 5.5 };
    let strength = if scene.time == Time::Night { 0.3 } else { 0.65 };
    canvas.glow(place, radius * far, colour.alpha(strength));
    canvas.plain(circle(place, radius), colour);
    if scene.time == Time::Night {
        for (x, y, size) in [(-0.35, -0.2, 0.2), (0.25, 0.3, 0.26), (0.3, -0.4, 0.13), (-0.2, 0.45, 0.12)] {
            let crater = (place.0 + x * radius, place.1 + y * radius);
            canvas.plain(circle(crater, size * radius), hex(0xd9_d2_b4).alpha(0.7));
        }
    }
    Lamp { place, colour }
}

fn stars(canvas: &mut Canvas, scene: &Scene, horizon: f32) {
    let mut dice = Dice::of(&scene.prompt, "stars");
    let count = if scene.has("space") { 420 } else { 170 };
    for _ in 0..count {
        let place = (dice.unit() * canvas.width, dice.unit() * horizon);
        let size = dice.between(0.05, 0.24) * canvas.unit;
        canvas.plain(circle(place, size), WHITE.alpha(dice.between(0.35, 1.0)));
    }
    for _ in 0..9 {
        let (x, y) = (dice.unit() * canvas.width, dice.unit() * horizon * 0.8);
        let arm = dice.between(0.7, 1.4) * canvas.unit;
        canvas.glow((x, y), arm * 1.8, WHITE.alpha(0.35));
        for ends in [[(x - arm, y), (x + arm, y)], [(x, y - arm), (x, y + arm)]] {
            canvas.line(polyline(&ends), 0.12 * canvas.unit, WHITE.alpha(0.85));
        }
    }
}

fn planets(canvas: &mut Canvas, scene: &Scene, horizon: f32) {
    let mut dice = Dice::of(&scene.prompt, "planets");
    for _ in 0..5 {
        let place = (dice.unit() * canvas.width, dice.unit() * horizon);
        let mist = dice.pick(&[hex(0x8a_3f_d0), hex(0x2f_6f_e0), hex(0xd0_3f_8a)], WHITE);
        canvas.glow(place, dice.between(18.0, 40.0) * canvas.unit, mist.alpha(0.3));
    }
    for (x, y, size) in [(0.24, 0.3, 13.0), (0.8, 0.2, 6.0), (0.68, 0.62, 4.0)] {
        let colour = dice.pick(&[hex(0xe0_8a_4a), hex(0x4a_a0_d8), hex(0xc8_5a_80), hex(0x7a_c0_7a)], WHITE);
        let (place, radius) = ((x * canvas.width, y * horizon), size * canvas.unit);
        canvas.glow(place, radius * 1.9, colour.alpha(0.35));
        let ring = hex(0xf0_dc_b0).alpha(0.75);
        if size > 10.0 {
            canvas.line(oval(place, radius * 1.75, radius * 0.4), 0.9 * canvas.unit, ring);
        }
        canvas.fade(circle(place, radius), colour.lighter(0.35), colour.darker(0.6));
        if size > 10.0 {
            let (left, right) = ((place.0 - radius * 1.75, place.1), (place.0 + radius * 1.75, place.1));
            canvas.line(curve(left, (place.0, place.1 + radius * 0.85), right), 0.9 * canvas.unit, ring);
        }
    }
}

fn rays(canvas: &mut Canvas, scene: &Scene) {
    let mut dice = Dice::of(&scene.prompt, "rays");
    for _ in 0..7 {
        let (top, spread) = (dice.unit() * canvas.width, dice.between(6.0, 16.0) * canvas.unit);
        let foot = top + dice.between(-30.0, 30.0) * canvas.unit;
        let ray =
            [(top, 0.0), (top + spread * 0.4, 0.0), (foot + spread, canvas.height), (foot - spread, canvas.height)];
        canvas.plain(polygon(&ray), WHITE.alpha(0.07));
    }
    for _ in 0..40 {
        let place = (dice.unit() * canvas.width, dice.unit() * canvas.height * 0.85);
        canvas.line(circle(place, dice.between(0.4, 1.5) * canvas.unit), 0.15 * canvas.unit, WHITE.alpha(0.5));
    }
}

fn rainbow(canvas: &mut Canvas, horizon: f32) {
    let (middle, unit) = (canvas.width * 0.5, canvas.unit);
    let bands = [0xe5_39_35, 0xfb_8c_00, 0xfd_d8_35, 0x43_a0_47, 0x1e_88_e5, 0x39_49_ab, 0x8e_24_aa];
    let mut radius = horizon * 0.85;
    for band in bands {
        canvas.line(circle((middle, horizon + 6.0 * unit), radius), 1.6 * unit, hex(band).alpha(0.55));
        radius -= 1.5 * unit;
    }
}

fn clouds(canvas: &mut Canvas, scene: &Scene, horizon: f32) {
    let mut dice = Dice::of(&scene.prompt, "clouds");
    let heavy = scene.has_any(&["clouds", "rain", "fog"]);
    let count = match (heavy, scene.time) {
        (true, _) => 9,
        (false, Time::Night) => 3,
        (false, _) => 5,
    };
    let (light, shade) = match scene.time {
        Time::Morning => (hex(0xff_fb_f0), hex(0xff_dd_c0)),
        Time::Day if heavy => (hex(0xc8_d0_d8), hex(0x7e_8a_98)),
        Time::Day => (WHITE, hex(0xd8_e8_f6)),
        Time::Sunset => (hex(0xff_b0_8a), hex(0xa0_40_78)),
        Time::Night => (hex(0x4a_54_8a), hex(0x2a_30_60)),
    };
    let opacity = if scene.time == Time::Night { 0.5 } else { 0.94 };
    for _ in 0..count {
        let x = dice.between(-0.05, 1.05) * canvas.width;
        let y = dice.between(0.06, 0.62) * horizon;
        let size = dice.between(0.6, 1.5) * (0.5 + 0.8 * (1.0 - y / horizon));
        if scene.time == Time::Sunset && !heavy {
            streak(canvas, (x, y), size, light.alpha(0.55), shade.alpha(0.55));
        } else {
            cloud(canvas, &mut dice, (x, y), size, light.alpha(opacity), shade.alpha(opacity));
        }
    }
}

/// A long thin cloud, as it hangs in the evening.
fn streak(canvas: &mut Canvas, (x, y): Place, size: f32, light: Colour, shade: Colour) {
    let unit = canvas.unit * size;
    for (dx, dy, width, height) in [(0.0, 0.0, 22.0, 1.5), (9.0, 1.6, 14.0, 1.0), (-8.0, 2.2, 12.0, 0.8)] {
        canvas.fade(oval((x + dx * unit, y + dy * unit), width * unit, height * unit), shade, light);
    }
}

fn cloud(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32, light: Colour, shade: Colour) {
    let unit = canvas.unit * size;
    let mut puffs = Vec::new();
    for (dx, dy, radius) in [(-9.0, 1.6, 3.6), (-4.6, -0.6, 5.0), (1.0, -2.2, 6.2), (6.4, -0.2, 4.6), (10.4, 1.9, 3.2)]
    {
        puffs.push(((x + dx * unit, y + dy * unit), radius * dice.between(0.85, 1.15) * unit));
    }
    canvas.fade(circles(&puffs), light, shade);
    // Some puffs stand out against the others.
    for ((x, y), radius) in puffs.into_iter().skip(1).take(3) {
        let lit = (x - radius * 0.2, y - radius * 0.22);
        canvas.plain(circle(lit, radius * 0.62), light.lighter(0.12).alpha(0.3));
    }
}
