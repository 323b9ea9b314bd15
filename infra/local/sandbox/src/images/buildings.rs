//! Cities, roofs and single buildings.

use super::canvas::{Canvas, Place, blob, circle, curve, polygon, polyline, rect, rounded};
use super::colour::{Colour, WHITE, hex};
use super::dice::Dice;
use super::reading::{Scene, Time};
use super::sky::Light;

/// The colour of a window in which there is light.
const LIT: u32 = 0xff_d9_6a;

/// Rows of buildings that stand on a line, the farthest first.
pub(super) fn skyline(canvas: &mut Canvas, scene: &Scene, light: Light, haze: Colour, base: f32) {
    let mut dice = Dice::of(&scene.prompt, "city");
    let is_dark = matches!(scene.time, Time::Night | Time::Sunset);
    for (far, tall, slim) in [(0.6, 46.0, 6.0), (0.34, 36.0, 8.0), (0.08, 25.0, 10.0)] {
        let mut x = -dice.between(0.0, 4.0) * canvas.unit;
        while x < canvas.width {
            let width = dice.between(0.7, 1.4) * slim * canvas.unit;
            let height = dice.between(0.5, 1.1) * tall * canvas.unit;
            let wall = dice.pick(&[hex(0x8a_97_ad), hex(0xb2_8c_7a), hex(0xa0_a4_a8), hex(0x7c_86_a0)], WHITE);
            let wall = light.on(wall).mix(haze, far);
            tower(canvas, &mut dice, (x, base - height), (width, height), wall, (is_dark, far));
            x += width + dice.between(0.0, 0.8) * canvas.unit;
        }
    }
}

fn tower(
    canvas: &mut Canvas,
    dice: &mut Dice,
    (x, y): Place,
    (width, height): (f32, f32),
    wall: Colour,
    (is_dark, far): (bool, f32),
) {
    let unit = canvas.unit;
    canvas.fade(rect((x, y), width, height), wall.lighter(0.06), wall.darker(0.16));
    let top = dice.unit();
    if top < 0.22 {
        canvas.line(polyline(&[(x + width / 2.0, y), (x + width / 2.0, y - 4.0 * unit)]), 0.3 * unit, wall);
    } else if top < 0.42 {
        canvas.fill(polygon(&[(x, y), (x + width / 2.0, y - width * 0.4), (x + width, y)]), wall.darker(0.12));
    } else if top < 0.6 {
        canvas.plain(rect((x + width * 0.2, y - 1.4 * unit), width * 0.35, 1.5 * unit), wall.darker(0.08));
    }
    let pane = 0.95 * unit * (1.0 - far * 0.35);
    let mut row = y + pane * 1.4;
    while row < y + height - pane * 1.6 {
        let mut column = x + pane;
        while column + pane < x + width {
            let is_lit = dice.unit() < if is_dark { 0.42 } else { 0.08 };
            let glass = if is_lit {
                hex(LIT).mix(wall, far * 0.6)
            } else if is_dark {
                wall.darker(0.35)
            } else {
                wall.mix(hex(0xcf_e4_f4), 0.5)
            };
            canvas.plain(rect((column, row), pane * 0.85, pane * 1.1), glass);
            column += pane * 1.7;
        }
        row += pane * 2.1;
    }
}

/// A tiled roof in front, whose ridge is at `ridge`: somebody may sit on it.
pub(super) fn roof(canvas: &mut Canvas, scene: &Scene, light: Light, ridge: f32) {
    let mut dice = Dice::of(&scene.prompt, "roof");
    let (unit, width, bottom) = (canvas.unit, canvas.width, canvas.height);
    let clay = dice.pick(&[hex(0xb2_4f_36), hex(0x9c_44_3c), hex(0x8c_54_3c)], WHITE);
    let clay = light.near(clay);
    let chimney = (width * 0.83, ridge - 13.0 * unit);
    canvas.fade(rect(chimney, 8.0 * unit, 16.0 * unit), light.near(hex(0x9a_66_54)), light.near(hex(0x6a_44_3a)));
    canvas.fill(rect((chimney.0 - unit, chimney.1 - 1.5 * unit), 10.0 * unit, 2.2 * unit), light.near(hex(0x7c_50_44)));
    for puff in 0..6_u8 {
        let share = f32::from(puff) / 5.0;
        let place = (chimney.0 + (4.0 + 7.0 * share * share) * unit, chimney.1 - (4.0 + 15.0 * share) * unit);
        canvas.plain(circle(place, (1.3 + 2.6 * share) * unit), hex(0xd0_d4_e4).alpha(0.26 * (1.1 - share)));
    }
    canvas.fade(rect((0.0, ridge), width, bottom - ridge), clay.lighter(0.1), clay.darker(0.45));
    let mut row = ridge + 2.2 * unit;
    let mut is_odd = false;
    while row < bottom {
        let tile = 4.6 * unit;
        let mut x = if is_odd { -tile / 2.0 } else { 0.0 };
        while x < width {
            let shade = clay.mix(WHITE, dice.between(0.0, 0.1)).darker(0.18).alpha(0.75);
            canvas.line(
                curve((x, row), (x + tile / 2.0, row + tile * 0.7), (x + tile, row)),
                0.35 * unit,
                shade.darker(0.3),
            );
            x += tile;
        }
        is_odd = !is_odd;
        row += 3.2 * unit;
    }
    canvas.fill(rounded((-unit, ridge - 1.1 * unit), width + 2.0 * unit, 2.4 * unit, 1.1 * unit), clay.lighter(0.16));
}

/// A cottage that stands on a place; `size` is its width.
pub(super) fn house(canvas: &mut Canvas, scene: &Scene, light: Light, (x, y): Place, size: f32) {
    let mut dice = Dice::of(&scene.prompt, "house");
    let wall = light.near(dice.pick(&[hex(0xf2_dc_b0), hex(0xc8_8a_5a), hex(0xe8_e4_dc), hex(0x9a_c0_d0)], WHITE));
    let tiles = light.near(dice.pick(&[hex(0xb8_3c_34), hex(0x4a_5c_8c), hex(0x7a_4a_34), hex(0x3c_7a_60)], WHITE));
    let (half, tall) = (size / 2.0, size * 0.55);
    let glass = if scene.time == Time::Day { hex(0x9a_cc_ea) } else { hex(LIT) };
    canvas.fill(rect((x + half * 0.45, y - tall * 1.75), size * 0.12, tall * 0.8), tiles.darker(0.25));
    canvas.fade(rect((x - half, y - tall), size, tall), wall, wall.darker(0.14));
    canvas.fill(polygon(&[(x - half * 1.22, y - tall), (x, y - tall * 1.85), (x + half * 1.22, y - tall)]), tiles);
    if scene.has("winter") {
        let cap = [(x - half * 1.22, y - tall), (x, y - tall * 1.9), (x + half * 1.22, y - tall), (x, y - tall * 1.6)];
        canvas.plain(polygon(&cap), hex(0xf4_f8_ff));
    }
    canvas.fill(circle((x, y - tall * 1.32), size * 0.07), glass);
    let door = (x - size * 0.08, y - tall * 0.66);
    canvas.fill(rounded(door, size * 0.17, tall * 0.67, size * 0.03), light.near(hex(0x6a_42_28)));
    canvas.plain(circle((door.0 + size * 0.135, door.1 + tall * 0.36), size * 0.012), hex(0xf0_d0_60));
    for side in [-0.32, 0.3] {
        let (left, top) = (x + side * size - size * 0.09, y - tall * 0.72);
        if scene.time != Time::Day {
            canvas.glow((left + size * 0.09, top + size * 0.09), size * 0.3, hex(LIT).alpha(0.4));
        }
        canvas.fill(rect((left, top), size * 0.18, size * 0.18), glass);
        for bar in [
            [(left + size * 0.09, top), (left + size * 0.09, top + size * 0.18)],
            [(left, top + size * 0.09), (left + size * 0.18, top + size * 0.09)],
        ] {
            canvas.line(polyline(&bar), size * 0.014, WHITE);
        }
    }
}

/// A castle; `size` is its width.
pub(super) fn castle(canvas: &mut Canvas, scene: &Scene, light: Light, (x, y): Place, size: f32) {
    let stone = light.near(hex(0xb8_b0_b8));
    let tiles =
        light.near(Dice::of(&scene.prompt, "castle").pick(&[hex(0x4a_5c_b0), hex(0xb0_44_50), hex(0x5c_8a_6c)], WHITE));
    let glass = if scene.time == Time::Day { hex(0x4a_54_70) } else { hex(LIT) };
    for (dx, tall, width) in
        [(-0.3, 0.95, 0.17), (0.3, 0.85, 0.17), (0.0, 1.2, 0.2), (-0.46, 0.62, 0.15), (0.46, 0.68, 0.15)]
    {
        let (left, top) = (x + (dx - width / 2.0) * size, y - tall * size);
        canvas.fade(rect((left, top), width * size, tall * size), stone.lighter(0.1), stone.darker(0.2));
        let eaves = width * size * 0.16;
        let roof =
            [(left - eaves, top), (left + width * size / 2.0, top - 0.3 * size), (left + width * size + eaves, top)];
        canvas.fill(polygon(&roof), tiles);
        let tip = (left + width * size / 2.0, top - 0.3 * size);
        let flag = [tip, (tip.0 + size * 0.09, tip.1 + size * 0.025), (tip.0, tip.1 + size * 0.05)];
        canvas.plain(polygon(&flag), hex(0xf2_c2_3a));
        canvas.plain(
            rounded((left + width * size * 0.38, top + size * 0.08), width * size * 0.24, size * 0.1, size * 0.02),
            glass,
        );
    }
    let wall = (x - 0.4 * size, y - 0.42 * size);
    canvas.fade(rect(wall, 0.8 * size, 0.42 * size), stone, stone.darker(0.24));
    for tooth in 0..9_u8 {
        let left = wall.0 + f32::from(tooth) * size * 0.0925;
        canvas.fill(rect((left, wall.1 - size * 0.045), size * 0.055, size * 0.05), stone);
    }
    canvas.fill(
        rounded((x - 0.09 * size, y - 0.24 * size), 0.18 * size, 0.25 * size, 0.08 * size),
        light.near(hex(0x4a_30_22)),
    );
}

/// A lighthouse; `size` is its height.
pub(super) fn lighthouse(canvas: &mut Canvas, scene: &Scene, light: Light, (x, y): Place, size: f32) {
    let lamp = (x, y - size * 0.9);
    if scene.time != Time::Day {
        for side in [-1.0, 1.0] {
            let beam =
                [lamp, (x + side * size * 1.3, lamp.1 - size * 0.22), (x + side * size * 1.3, lamp.1 + size * 0.16)];
            canvas.plain(polygon(&beam), hex(0xff_f0_b0).alpha(0.28));
        }
    }
    if scene.has("sea") {
        let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
        let rock = [at(-0.5, -0.06), at(-0.3, 0.08), at(0.1, 0.05), at(0.34, 0.1), at(0.56, -0.06), at(0.1, -0.16)];
        canvas.fill(blob(&rock), light.near(hex(0x6a_62_66)));
    }
    let edge = |share: f32, side: f32| (x + side * size * (0.13 - 0.055 * share), y - size * 0.84 * share);
    for band in 0..6_u8 {
        let (low, high) = (f32::from(band) / 6.0, (f32::from(band) + 1.0) / 6.0);
        let colour = if band % 2 == 0 { hex(0xf4_f2_ee) } else { hex(0xd0_34_34) };
        canvas.fill(polygon(&[edge(low, -1.0), edge(high, -1.0), edge(high, 1.0), edge(low, 1.0)]), light.near(colour));
    }
    canvas.fill(rect((x - size * 0.1, y - size * 0.86), size * 0.2, size * 0.025), light.near(hex(0x3c_40_50)));
    canvas.fill(rect((x - size * 0.055, lamp.1 - size * 0.04), size * 0.11, size * 0.085), hex(0xff_ee_a0));
    canvas.glow(lamp, size * 0.3, hex(0xff_f0_b0).alpha(0.6));
    canvas.fill(
        polygon(&[
            (x - size * 0.08, lamp.1 - size * 0.04),
            (x, lamp.1 - size * 0.13),
            (x + size * 0.08, lamp.1 - size * 0.04),
        ]),
        light.near(hex(0xb0_2c_2c)),
    );
    canvas.plain(
        rounded((x - size * 0.025, y - size * 0.14), size * 0.05, size * 0.14, size * 0.02),
        light.near(hex(0x4a_34_28)),
    );
}

/// A church with domes; `size` is its width.
pub(super) fn church(canvas: &mut Canvas, scene: &Scene, light: Light, (x, y): Place, size: f32) {
    let wall = light.near(hex(0xf6_f2_ea));
    let dome =
        light.near(Dice::of(&scene.prompt, "church").pick(&[hex(0xe8_b8_2e), hex(0x3a_6a_c0), hex(0x3c_9a_6a)], WHITE));
    for (dx, tall, width) in [(-0.32, 0.62, 0.2), (0.32, 0.62, 0.2), (0.0, 0.92, 0.28)] {
        let (middle, top, half) = (x + dx * size, y - tall * size, width * size / 2.0);
        canvas.fade(rect((middle - half, top), half * 2.0, tall * size), wall, wall.darker(0.14));
        let onion = [
            (middle - half * 1.0, top + half * 0.1),
            (middle - half * 1.9, top - half * 0.9),
            (middle, top - half * 2.0),
            (middle, top - half * 3.1),
            (middle, top - half * 2.0),
            (middle + half * 1.9, top - half * 0.9),
            (middle + half * 1.0, top + half * 0.1),
        ];
        canvas.fill(blob(&onion), dome);
        let cross = top - half * 3.0;
        canvas.line(polyline(&[(middle, top - half * 2.0), (middle, cross)]), size * 0.012, dome.lighter(0.3));
        canvas.line(
            polyline(&[(middle - half * 0.35, cross + half * 0.35), (middle + half * 0.35, cross + half * 0.35)]),
            size * 0.012,
            dome.lighter(0.3),
        );
        canvas.plain(
            rounded((middle - half * 0.22, top + half * 0.7), half * 0.44, half * 1.0, half * 0.2),
            hex(0x5a_6a_8a),
        );
    }
    canvas.fade(rect((x - size * 0.48, y - size * 0.4), size * 0.96, size * 0.4), wall, wall.darker(0.16));
    canvas.fill(
        rounded((x - size * 0.07, y - size * 0.24), size * 0.14, size * 0.25, size * 0.06),
        light.near(hex(0x6a_44_2a)),
    );
}

/// A bridge from edge to edge on a line.
pub(super) fn bridge(canvas: &mut Canvas, light: Light, deck: f32) {
    let (unit, width) = (canvas.unit, canvas.width);
    let steel = light.near(hex(0xb4_4a_3a));
    for share in [0.28, 0.72] {
        let x = width * share;
        canvas.fill(rect((x - 1.2 * unit, deck - 26.0 * unit), 2.4 * unit, 38.0 * unit), steel);
    }
    let top = deck - 25.0 * unit;
    let spans = [(-0.2, 0.28), (0.28, 0.72), (0.72, 1.2)];
    for (from, to) in spans {
        let (from, to) = (from * width, to * width);
        canvas.line(
            curve((from, top), (f32::midpoint(from, to), deck + 20.0 * unit), (to, top)),
            0.6 * unit,
            steel.lighter(0.1),
        );
        for cable in 1..12_u8 {
            let share = f32::from(cable) / 12.0;
            let x = from + (to - from) * share;
            let sag = 4.0 * share * (1.0 - share) * (deck + 20.0 * unit - top) / 2.0;
            canvas.line(polyline(&[(x, top + sag), (x, deck)]), 0.22 * unit, steel.lighter(0.2));
        }
    }
    canvas.fade(rect((0.0, deck), width, 3.0 * unit), steel.lighter(0.15), steel.darker(0.3));
}

/// A table top in a room, for things that are neither out of doors nor alive.
pub(super) fn table(canvas: &mut Canvas, scene: &Scene, from: f32) {
    let mut dice = Dice::of(&scene.prompt, "room");
    let wall = dice.pick(&[hex(0xf6_d8_c4), hex(0xc8_dc_e8), hex(0xe4_d4_ee), hex(0xd4_e8_d0), hex(0xf8_e6_b4)], WHITE);
    canvas.fade(rect((0.0, 0.0), canvas.width, from), wall.lighter(0.35), wall.darker(0.08));
    canvas.glow((canvas.width * 0.3, from * 0.25), 60.0 * canvas.unit, WHITE.alpha(0.6));
    for (x, y, size) in [(0.16, 0.3, 10.0), (0.84, 0.22, 7.0), (0.78, 0.5, 4.0)] {
        canvas.plain(circle((x * canvas.width, y * from), size * canvas.unit), wall.darker(0.1).alpha(0.45));
    }
    let wood = dice.pick(&[hex(0xb0_7c_4c), hex(0x9a_6a_48), hex(0xc8_9a_6a)], WHITE);
    canvas.fade(rect((0.0, from), canvas.width, canvas.height - from), wood.lighter(0.18), wood.darker(0.3));
    for plank in 0..5_u8 {
        let y = from + (canvas.height - from) * (0.12 + 0.2 * f32::from(plank));
        canvas.line(
            polyline(&[(0.0, y), (canvas.width, y + canvas.unit)]),
            0.2 * canvas.unit,
            wood.darker(0.35).alpha(0.5),
        );
    }
}
