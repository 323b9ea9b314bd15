//! What falls or hangs in the air before a scene, and what a style adds over it.

use super::canvas::{Canvas, Place, circle, curve, oval, polygon, polyline, rect};
use super::colour::{BLACK, Colour, WHITE, hex};
use super::dice::Dice;
use super::reading::Scene;

/// Rain, snow, falling leaves, petals, fog.
pub(super) fn paint(canvas: &mut Canvas, scene: &Scene) {
    let mut dice = Dice::of(&scene.prompt, "weather");
    let (unit, width, height) = (canvas.unit, canvas.width, canvas.height);
    if scene.has("rain") {
        for _ in 0..230 {
            let (x, y) = (dice.unit() * width, dice.unit() * height);
            let drop = [(x, y), (x - 0.9 * unit, y + 3.6 * unit)];
            canvas.line(polyline(&drop), 0.14 * unit, hex(0xe4_f0_fa).alpha(0.55));
        }
    }
    if scene.has("winter") && !scene.has_any(&["space", "rain"]) {
        for _ in 0..260 {
            let place = (dice.unit() * width, dice.unit() * height);
            canvas.plain(circle(place, dice.between(0.15, 0.6) * unit), WHITE.alpha(dice.between(0.5, 0.95)));
        }
    }
    if scene.has("autumn") {
        for _ in 0..70 {
            let place = (dice.unit() * width, dice.unit() * height);
            let colour = dice.pick(&[hex(0xe0_7a_1f), hex(0xd1_45_22), hex(0xf2_b6_33)], WHITE);
            leaf(canvas, place, dice.between(0.6, 1.5) * unit, dice.between(-1.0, 1.0), colour);
        }
    }
    if scene.has("spring") {
        for _ in 0..60 {
            let place = (dice.unit() * width, dice.unit() * height);
            canvas.plain(oval(place, 0.6 * unit, 0.38 * unit), hex(0xfb_d2_e0).alpha(0.9));
        }
    }
    if scene.has("fog") {
        for band in 0..8_u8 {
            let y = height * (0.28 + 0.09 * f32::from(band));
            let x = dice.unit() * width;
            canvas.plain(oval((x, y), width * 0.65, 5.0 * unit), hex(0xe8_ee_f2).alpha(0.28));
        }
    }
}

fn leaf(canvas: &mut Canvas, (x, y): Place, size: f32, lean: f32, colour: Colour) {
    let (dx, dy) = (size, lean * size);
    let shape = [(x - dx, y - dy), (x + dy * 0.5, y - dx * 0.5), (x + dx, y + dy), (x - dy * 0.5, y + dx * 0.5)];
    canvas.plain(polygon(&shape), colour);
}

/// Circles, triangles, rays and chequers over the whole picture.
pub(super) fn geometry(canvas: &mut Canvas, scene: &Scene) {
    let mut dice = Dice::of(&scene.prompt, "geometry");
    let (unit, width, height) = (canvas.unit, canvas.width, canvas.height);
    let colours = [0xe6_39_46, 0xf4_b9_42, 0x1d_6f_b8, 0x2a_9d_8f, 0x7b_2c_bf, 0xf7_7f_00, 0x11_11_1a].map(hex);
    for _ in 0..7 {
        let (x, y) = (dice.unit() * width, dice.unit() * height * 0.8);
        let size = dice.between(8.0, 26.0) * unit;
        let turn = dice.between(-0.6, 0.6) * size;
        let colour = dice.pick(&colours, WHITE).alpha(dice.between(0.3, 0.55));
        canvas.plain(
            polygon(&[(x, y - size), (x + size * 0.8, y + turn), (x - size * 0.7, y + size * 0.6 - turn)]),
            colour,
        );
    }
    for _ in 0..6 {
        let place = (dice.unit() * width, dice.unit() * height * 0.8);
        let size = dice.between(4.0, 13.0) * unit;
        for ring in 0..4_u8 {
            let colour = dice.pick(&colours, WHITE).alpha(0.72);
            canvas.plain(circle(place, size * (1.0 - 0.24 * f32::from(ring))), colour);
        }
        canvas.line(circle(place, size), 0.35 * unit, BLACK);
    }
    for _ in 0..12 {
        let (x, y) = (dice.unit() * width, dice.unit() * height * 0.85);
        let (dx, dy) = (dice.between(-34.0, 34.0) * unit, dice.between(-34.0, 34.0) * unit);
        canvas.line(polyline(&[(x - dx, y - dy), (x + dx, y + dy)]), dice.between(0.2, 0.7) * unit, BLACK.alpha(0.85));
    }
    for _ in 0..4 {
        let (x, y) = (dice.unit() * width, dice.unit() * height * 0.8);
        let reach = dice.between(8.0, 22.0) * unit;
        let colour = dice.pick(&colours, BLACK);
        canvas.line(curve((x - reach, y), (x, y - reach * 1.3), (x + reach, y + reach * 0.2)), 0.9 * unit, colour);
    }
    let (left, top, cell) = (dice.between(0.08, 0.75) * width, dice.between(0.08, 0.55) * height, 2.6 * unit);
    for row in 0..4_u8 {
        for column in 0..6_u8 {
            let is_dark = (row + column) % 2 == 0;
            let colour = if is_dark { BLACK } else { dice.pick(&colours, WHITE).lighter(0.3) };
            let corner = (left + f32::from(column) * cell + f32::from(row) * cell * 0.35, top + f32::from(row) * cell);
            canvas.plain(rect(corner, cell, cell), colour.alpha(0.9));
        }
    }
}

/// Sparks of light, as anime has them.
pub(super) fn sparkle(canvas: &mut Canvas, scene: &Scene) {
    let mut dice = Dice::of(&scene.prompt, "sparkle");
    for _ in 0..16 {
        let (x, y) = (dice.unit() * canvas.width, dice.unit() * canvas.height * 0.85);
        let arm = dice.between(0.7, 2.2) * canvas.unit;
        let thin = arm * 0.16;
        let star = [
            (x, y - arm),
            (x + thin, y - thin),
            (x + arm, y),
            (x + thin, y + thin),
            (x, y + arm),
            (x - thin, y + thin),
            (x - arm, y),
            (x - thin, y - thin),
        ];
        canvas.plain(polygon(&star), WHITE.alpha(0.85));
    }
}

/// Soft light from above and dark edges, as lenses make them.
pub(super) fn lens(canvas: &mut Canvas) {
    let (width, height) = (canvas.width, canvas.height);
    canvas.glow((width * 0.5, height * 0.1), width.max(height) * 0.9, hex(0xff_f4_dc).alpha(0.16));
    canvas.vignette(0.5);
}

/// Waves of colour, for a prompt that speaks of nothing that is known.
pub(super) fn waves(canvas: &mut Canvas, scene: &Scene) {
    let mut dice = Dice::of(&scene.prompt, "waves");
    let palettes = [
        [0x26_46_53, 0x2a_9d_8f, 0xe9_c4_6a, 0xf4_a2_61, 0xe7_6f_51],
        [0x3d_34_8b, 0x76_78_ed, 0xf7_b8_01, 0xf1_87_01, 0xf3_5b_04],
        [0x0b_3c_5d, 0x32_8c_c1, 0xd9_b3_10, 0xf0_ec_e2, 0xd9_5f_4a],
        [0x35_50_70, 0x6d_59_7a, 0xb5_65_76, 0xe5_6b_6f, 0xea_ac_8b],
        [0x1b_43_33, 0x40_91_6c, 0x95_d5_b2, 0xff_e8_a3, 0xf2_8f_5a],
    ];
    let [deep, first, second, third, fourth] = dice.pick(&palettes, [0; 5]).map(hex);
    let (width, height, unit) = (canvas.width, canvas.height, canvas.unit);
    canvas.blend(rect((0.0, 0.0), width, height), &[(0.0, deep), (0.55, first), (1.0, second)]);
    let sun = (dice.between(0.25, 0.75) * width, height * 0.32);
    canvas.glow(sun, 46.0 * unit, third.alpha(0.8));
    canvas.plain(circle(sun, dice.between(9.0, 14.0) * unit), third.lighter(0.25));
    for (row, colour) in [second, third, fourth, first, deep].into_iter().enumerate() {
        let share = f32::from(u8::try_from(row).unwrap_or_default());
        let base = height * (0.46 + 0.115 * share);
        let mut line = Vec::new();
        for step in 0..9_u8 {
            line.push((width * (f32::from(step) - 0.5) / 7.0, base + dice.between(-7.0, 7.0) * unit));
        }
        canvas.fade(super::canvas::below(&line, height), colour.lighter(0.1), colour.darker(0.25));
    }
    for _ in 0..14 {
        let place = (dice.unit() * width, dice.unit() * height * 0.5);
        canvas.plain(circle(place, dice.between(0.4, 2.6) * unit), WHITE.alpha(dice.between(0.12, 0.4)));
    }
}
