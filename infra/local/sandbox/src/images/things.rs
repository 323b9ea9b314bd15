//! Things that people make, and what stands about.

use super::canvas::{Canvas, Place, blob, circle, curve, oval, polygon, polyline, rect, rounded};
use super::colour::{BLACK, WHITE, hex};
use super::dice::Dice;

/// A sailing ship on the water; `size` is its height.
pub(super) fn ship(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let hull = dice.paint(&[hex(0x8a_4a_2c), hex(0x2c_4a_7a), hex(0xa8_30_34)]);
    let sail = dice.pick(&[hex(0xfa_f4_e6), hex(0xf4_5a_4a), hex(0xff_e0_a0)], WHITE);
    canvas.plain(oval(at(0.0, -0.06), size * 0.5, size * 0.035), WHITE.alpha(0.35));
    canvas.line(polyline(&[at(0.0, 0.1), at(0.0, 1.0)]), size * 0.025, hex(0x5a_3c_28));
    canvas.fill(polygon(&[at(0.03, 0.95), at(0.42, 0.24), at(0.03, 0.22)]), sail);
    canvas.fill(polygon(&[at(-0.03, 0.88), at(-0.34, 0.26), at(-0.03, 0.22)]), sail.darker(0.1));
    canvas.plain(polygon(&[at(0.0, 1.0), at(0.14, 0.96), at(0.0, 0.92)]), hex(0xe0_40_40));
    canvas.fill(blob(&[at(-0.56, 0.2), at(0.56, 0.2), at(0.36, -0.1), at(-0.36, -0.1)]), hull);
    canvas.line(polyline(&[at(-0.36, 0.11), at(0.36, 0.11)]), size * 0.02, WHITE.alpha(0.8));
}

/// A car; `size` is its length.
pub(super) fn car(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let paint = dice.paint(&[hex(0xd8_30_34), hex(0x2c_6a_d0), hex(0xf2_b8_24), hex(0x3c_9a_65)]);
    canvas.plain(oval((x, y), size * 0.5, size * 0.04), BLACK.alpha(0.3));
    canvas.fill(blob(&[at(-0.3, 0.2), at(-0.22, 0.44), at(0.16, 0.44), at(0.3, 0.2)]), paint.darker(0.1));
    canvas.plain(polygon(&[at(-0.19, 0.24), at(-0.14, 0.36), at(-0.02, 0.36), at(-0.02, 0.24)]), hex(0xbf_e0_f4));
    canvas.plain(polygon(&[at(0.01, 0.24), at(0.01, 0.36), at(0.11, 0.36), at(0.18, 0.24)]), hex(0xbf_e0_f4));
    canvas.fill(rounded(at(-0.48, 0.25), size * 0.96, size * 0.18, size * 0.06), paint);
    canvas.plain(circle(at(0.45, 0.18), size * 0.03), hex(0xff_f0_a0));
    canvas.plain(circle(at(-0.46, 0.18), size * 0.022), hex(0xff_5a_4a));
    for wheel in [-0.28, 0.28] {
        canvas.plain(circle(at(wheel, 0.08), size * 0.095), hex(0x20_20_26));
        canvas.plain(circle(at(wheel, 0.08), size * 0.045), hex(0xc8_cc_d2));
    }
}

/// An engine with two carriages; `size` is the length.
pub(super) fn train(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let paint = dice.paint(&[hex(0xb8_2c_30), hex(0x2c_5a_a8), hex(0x2c_7a_50)]);
    canvas.line(polyline(&[(0.0, y), (canvas.width, y)]), size * 0.012, hex(0x5a_54_5c));
    for carriage in [-0.5, -0.2] {
        canvas.fill(rounded(at(carriage, 0.2), size * 0.27, size * 0.15, size * 0.02), paint.darker(0.1));
        for pane in 0..4_u8 {
            canvas.plain(
                rect(at(carriage + 0.03 + 0.058 * f32::from(pane), 0.17), size * 0.04, size * 0.05),
                hex(0xff_e8_a8),
            );
        }
    }
    canvas.fill(rect(at(0.1, 0.26), size * 0.13, size * 0.21), paint);
    canvas.plain(rect(at(0.125, 0.23), size * 0.075, size * 0.07), hex(0xcf_e8_f6));
    canvas.fill(rounded(at(0.2, 0.18), size * 0.28, size * 0.13, size * 0.05), paint);
    canvas.fill(polygon(&[at(0.36, 0.17), at(0.35, 0.27), at(0.43, 0.27), at(0.42, 0.17)]), hex(0x2a_2a_30));
    for (dx, dy, radius) in [(0.36, 0.33, 0.04), (0.29, 0.4, 0.055), (0.19, 0.46, 0.07)] {
        canvas.plain(circle(at(dx, dy), radius * size), WHITE.alpha(0.7));
    }
    for wheel in [-0.45, -0.3, -0.15, 0.02, 0.16, 0.28, 0.4] {
        canvas.plain(circle(at(wheel, 0.035), size * 0.035), hex(0x24_24_2a));
        canvas.plain(circle(at(wheel, 0.035), size * 0.014), hex(0xd0_3a_3a));
    }
}

/// An aeroplane in the air; `size` is its length.
pub(super) fn plane(canvas: &mut Canvas, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    canvas.line(polyline(&[at(-1.4, -0.3), at(-0.5, -0.08)]), size * 0.03, WHITE.alpha(0.55));
    canvas.fill(polygon(&[at(-0.46, 0.02), at(-0.56, 0.26), at(-0.42, 0.26), at(-0.26, 0.08)]), hex(0xd8_34_3c));
    canvas.fill(
        blob(&[at(-0.56, 0.02), at(-0.4, 0.1), at(0.4, 0.16), at(0.58, 0.06), at(0.4, -0.03), at(-0.4, -0.05)]),
        hex(0xf4_f6_fa),
    );
    canvas.fill(polygon(&[at(-0.06, 0.04), at(-0.32, -0.26), at(-0.16, -0.26), at(0.2, 0.04)]), hex(0xc8_d0_dc));
    for pane in 0..7_u8 {
        canvas.plain(circle(at(-0.2 + 0.08 * f32::from(pane), 0.08), size * 0.018), hex(0x4a_7a_b0));
    }
}

/// A rocket in flight; `size` is its height.
pub(super) fn rocket(canvas: &mut Canvas, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    canvas.glow(at(0.0, -0.1), size * 0.45, hex(0xff_a0_40).alpha(0.7));
    canvas.plain(
        blob(&[at(-0.1, 0.05), at(0.1, 0.05), at(0.05, -0.25), at(0.0, -0.55), at(-0.05, -0.25)]),
        hex(0xff_8a_24),
    );
    canvas.plain(blob(&[at(-0.06, 0.05), at(0.06, 0.05), at(0.0, -0.32)]), hex(0xff_ee_8a));
    for side in [-1.0, 1.0] {
        canvas.fill(polygon(&[at(side * 0.12, 0.32), at(side * 0.29, 0.02), at(side * 0.12, 0.08)]), hex(0xd0_30_3a));
    }
    canvas.fill(blob(&[at(0.0, 1.15), at(0.2, 0.75), at(0.17, 0.0), at(-0.17, 0.0), at(-0.2, 0.75)]), hex(0xf2_f4_f8));
    canvas.plain(blob(&[at(0.0, 1.12), at(0.12, 0.88), at(-0.12, 0.88)]), hex(0xd0_30_3a));
    canvas.fill(circle(at(0.0, 0.6), size * 0.085), hex(0x4a_5a_70));
    canvas.plain(circle(at(0.0, 0.6), size * 0.062), hex(0x8a_d0_f4));
}

/// A balloon with a basket; `size` is its height.
pub(super) fn balloon(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let silk = dice.paint(&[hex(0xe0_40_44), hex(0x3a_7a_d8), hex(0xf2_a8_28), hex(0x8a_4a_c0)]);
    for side in [-1.0, 1.0] {
        canvas.line(polyline(&[at(side * 0.2, 0.36), at(side * 0.06, 0.12)]), size * 0.01, hex(0x5a_40_30));
    }
    let shape = |half: f32| {
        [
            at(-half, 0.36),
            at(-half * 2.3, 0.7),
            at(-half * 1.5, 1.06),
            at(half * 1.5, 1.06),
            at(half * 2.3, 0.7),
            at(half, 0.36),
        ]
    };
    for (half, is_pale) in [(0.2, false), (0.145, true), (0.09, false), (0.04, true)] {
        let colour = if is_pale { hex(0xff_f4_dc) } else { silk };
        canvas.fill(blob(&shape(half)), colour);
    }
    canvas.fill(rounded(at(-0.07, 0.13), size * 0.14, size * 0.12, size * 0.02), hex(0x9a_66_38));
}

/// A cup on a saucer; `size` is its width.
pub(super) fn cup(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let glaze = dice.paint(&[hex(0xfa_f6_f0), hex(0x3a_8a_a8), hex(0xd8_5a_4a), hex(0xf0_c0_50)]);
    canvas.plain(oval((x, y), size * 0.66, size * 0.1), BLACK.alpha(0.22));
    canvas.fill(oval(at(0.0, 0.04), size * 0.6, size * 0.1), glaze.darker(0.12));
    canvas.line(oval(at(0.47, 0.42), size * 0.17, size * 0.17), size * 0.07, glaze.darker(0.08));
    canvas.fill(
        blob(&[at(-0.46, 0.74), at(0.46, 0.74), at(0.44, 0.2), at(0.2, 0.0), at(-0.2, 0.0), at(-0.44, 0.2)]),
        glaze,
    );
    canvas.fill(oval(at(0.0, 0.66), size * 0.4, size * 0.1), glaze.lighter(0.3));
    canvas.plain(oval(at(0.0, 0.645), size * 0.35, size * 0.075), hex(0x5a_34_1e));
    canvas.plain(oval(at(-0.06, 0.65), size * 0.16, size * 0.03), hex(0xc8_96_65));
    for side in [-0.16, 0.02, 0.2] {
        canvas.line(
            curve(at(side, 0.78), at(side + 0.14, 0.95), at(side - 0.02, 1.18)),
            size * 0.03,
            WHITE.alpha(0.55),
        );
    }
}

/// An open book and a closed one; `size` is the width.
pub(super) fn book(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let cover = dice.paint(&[hex(0xb0_30_3a), hex(0x2c_5a_9a), hex(0x2c_7a_58), hex(0x7a_4a_98)]);
    canvas.plain(oval((x, y), size * 0.62, size * 0.07), BLACK.alpha(0.25));
    canvas.fill(
        polygon(&[at(-0.6, 0.06), at(0.0, 0.0), at(0.6, 0.06), at(0.52, 0.5), at(0.0, 0.42), at(-0.52, 0.5)]),
        cover,
    );
    for side in [-1.0, 1.0] {
        canvas.fill(
            blob(&[
                at(0.0, 0.03),
                at(side * 0.1, 0.05),
                at(side * 0.62, 0.06),
                at(side * 0.5, 0.54),
                at(side * 0.1, 0.52),
                at(0.0, 0.42),
            ]),
            hex(0xfd_f8_ea),
        );
        for line in 0..6_u8 {
            let lift = 0.15 + 0.055 * f32::from(line);
            let end = if line == 0 { 0.28 } else { 0.43 };
            canvas.line(polyline(&[at(side * 0.09, lift - 0.01), at(side * end, lift)]), size * 0.01, hex(0x8a_84_7c));
        }
    }
}

/// A cake; `size` is its width.
pub(super) fn cake(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let icing = dice.pick(&[hex(0xf8_b8_cc), hex(0xfd_f0_dc), hex(0xc8_e4_c0), hex(0x7a_48_30)], WHITE);
    canvas.fill(oval(at(0.0, 0.0), size * 0.62, size * 0.09), hex(0xe8_ec_f0));
    for (low, high, half) in [(0.02, 0.3, 0.48), (0.3, 0.54, 0.36)] {
        canvas.fill(rounded(at(-half, high), size * half * 2.0, size * (high - low), size * 0.03), hex(0xc8_8a_52));
        canvas
            .fill(rounded(at(-half - 0.02, high + 0.02), size * (half * 2.0 + 0.04), size * 0.12, size * 0.05), icing);
        for drop in 0..7_u8 {
            let left = -half + half * 2.0 * (f32::from(drop) + 0.5) / 7.0;
            canvas.plain(oval(at(left, high - 0.08), size * 0.04, size * dice.between(0.04, 0.08)), icing);
        }
    }
    for candle in [-0.2, 0.0, 0.2] {
        canvas.fill(rect(at(candle - 0.015, 0.74), size * 0.03, size * 0.19), hex(0x5a_b0_e0));
        canvas.glow(at(candle, 0.79), size * 0.1, hex(0xff_d0_60).alpha(0.8));
        canvas.plain(oval(at(candle, 0.785), size * 0.02, size * 0.04), hex(0xff_a8_30));
    }
}

/// A heart by its middle; `size` is its width.
pub(super) fn heart(canvas: &mut Canvas, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    canvas.glow((x, y), size * 0.95, hex(0xff_a0_b4).alpha(0.7));
    let shape = [
        at(0.0, 0.16),
        at(0.12, 0.5),
        at(0.52, 0.46),
        at(0.52, 0.06),
        at(0.0, -0.62),
        at(0.0, -0.5),
        at(-0.52, 0.06),
        at(-0.52, 0.46),
        at(-0.12, 0.5),
    ];
    canvas.fill(blob(&shape), hex(0xe0_2a_4c));
    canvas.plain(oval(at(-0.22, 0.26), size * 0.08, size * 0.06), WHITE.alpha(0.55));
}

/// A robot; `size` is its height.
pub(super) fn robot(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let steel = dice.paint(&[hex(0xa8_b4_c4), hex(0x6a_a8_c8), hex(0xd0_a0_60)]);
    let glow = dice.pick(&[hex(0x4a_f0_ff), hex(0x8a_ff_7a), hex(0xff_a0_50)], WHITE);
    canvas.plain(oval((x, y), size * 0.3, size * 0.04), BLACK.alpha(0.3));
    for side in [-1.0, 1.0] {
        canvas.fill(rounded(at(side * 0.12 - 0.05, 0.2), size * 0.1, size * 0.2, size * 0.02), steel.darker(0.3));
        canvas.line(
            curve(at(side * 0.22, 0.52), at(side * 0.38, 0.46), at(side * 0.36, 0.28)),
            size * 0.055,
            steel.darker(0.2),
        );
        canvas.fill(circle(at(side * 0.36, 0.25), size * 0.05), steel);
    }
    canvas.fill(rounded(at(-0.23, 0.58), size * 0.46, size * 0.4, size * 0.06), steel);
    canvas.fill(rounded(at(-0.13, 0.5), size * 0.26, size * 0.2, size * 0.03), steel.darker(0.45));
    for light in 0..3_u8 {
        canvas.plain(circle(at(-0.07 + 0.07 * f32::from(light), 0.4), size * 0.02), glow);
    }
    canvas.line(polyline(&[at(0.0, 0.9), at(0.0, 1.02)]), size * 0.02, steel.darker(0.2));
    canvas.glow(at(0.0, 1.04), size * 0.12, glow.alpha(0.8));
    canvas.plain(circle(at(0.0, 1.04), size * 0.03), glow);
    canvas.fill(rounded(at(-0.19, 0.92), size * 0.38, size * 0.3, size * 0.07), steel.lighter(0.15));
    for side in [-0.08, 0.08] {
        canvas.plain(circle(at(side, 0.79), size * 0.05), hex(0x20_28_38));
        canvas.plain(circle(at(side, 0.79), size * 0.03), glow);
    }
    canvas.line(polyline(&[at(-0.07, 0.68), at(0.07, 0.68)]), size * 0.02, hex(0x20_28_38));
}

/// A snowman; `size` is its height.
pub(super) fn snowman(canvas: &mut Canvas, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let snow = hex(0xf4_f8_fe);
    canvas.plain(oval((x, y), size * 0.32, size * 0.04), BLACK.alpha(0.2));
    for side in [-1.0, 1.0] {
        canvas.line(polyline(&[at(side * 0.16, 0.5), at(side * 0.4, 0.66)]), size * 0.02, hex(0x6a_4a_30));
    }
    for (lift, radius) in [(0.22, 0.24), (0.54, 0.175), (0.8, 0.125)] {
        canvas.fade(circle(at(0.0, lift), radius * size), snow, hex(0xc4_d4_ea));
    }
    for lift in [0.45, 0.54, 0.62] {
        canvas.plain(circle(at(0.0, lift), size * 0.018), hex(0x2a_28_30));
    }
    for side in [-0.045, 0.045] {
        canvas.plain(circle(at(side, 0.83), size * 0.017), hex(0x2a_28_30));
    }
    canvas.fill(polygon(&[at(0.0, 0.81), at(0.16, 0.77), at(0.0, 0.77)]), hex(0xf0_82_28));
    canvas.line(polyline(&[at(-0.11, 0.69), at(0.11, 0.69)]), size * 0.055, hex(0xd0_34_3c));
    canvas.line(polyline(&[at(0.08, 0.69), at(0.12, 0.52)]), size * 0.05, hex(0xd0_34_3c));
    canvas.fill(rect(at(-0.15, 0.92), size * 0.3, size * 0.03), hex(0x2c_2c_38));
    canvas.fill(rect(at(-0.09, 1.06), size * 0.18, size * 0.15), hex(0x2c_2c_38));
}

/// A mushroom; `size` is its height.
pub(super) fn mushroom(canvas: &mut Canvas, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    canvas.plain(oval((x, y), size * 0.3, size * 0.04), BLACK.alpha(0.25));
    canvas.fill(blob(&[at(-0.14, 0.6), at(0.14, 0.6), at(0.2, -0.04), at(-0.2, -0.04)]), hex(0xf6_ec_d8));
    canvas.fill(blob(&[at(-0.6, 0.5), at(-0.4, 0.98), at(0.4, 0.98), at(0.6, 0.5)]), hex(0xd0_2c_2a));
    for (dx, dy, radius) in
        [(-0.2, 0.7, 0.06), (0.06, 0.8, 0.07), (0.25, 0.64, 0.05), (-0.02, 0.6, 0.045), (-0.36, 0.58, 0.035)]
    {
        canvas.plain(circle(at(dx, dy), radius * size), hex(0xff_f8_ee));
    }
}
