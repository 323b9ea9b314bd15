//! Animals and people, in simple shapes.

use super::canvas::{Canvas, Place, blob, circle, curve, oval, polygon, polyline, rect, rounded};
use super::colour::{BLACK, Colour, WHITE, hex};
use super::dice::Dice;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ears {
    Pointed,
    Round,
    Long,
    Hanging,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tail {
    Thin,
    Bushy,
    Stub,
}

/// What tells one sitting animal from another.
struct Beast {
    coat: Colour,
    /// Muzzle, breast, inner ears.
    pale: Colour,
    ears: Ears,
    tail: Tail,
    /// How far the muzzle reaches out of the face.
    muzzle: f32,
    has_mane: bool,
}

fn beast(kind: &str, dice: &mut Dice) -> Beast {
    let cats = [0xe8_93_3a, 0x6a_6a_72, 0x2c_2a_30, 0xf2_e8_da, 0xc8_a0_78].map(hex);
    let dogs = [0xb8_7a_42, 0xe0_c0_8a, 0x5a_40_30, 0xf0_e6_d6].map(hex);
    let (coat, pale, ears, tail, muzzle) = match kind {
        "dog" => (dice.paint(&dogs), hex(0xfa_f0_e0), Ears::Hanging, Tail::Thin, 1.25),
        "fox" => (hex(0xe0_6a_22), hex(0xff_f4_e6), Ears::Pointed, Tail::Bushy, 1.2),
        "wolf" => (hex(0x7a_82_8e), hex(0xd8_dc_e0), Ears::Pointed, Tail::Bushy, 1.25),
        "bear" => (hex(0x7a_4e_30), hex(0xd0_a6_7c), Ears::Round, Tail::Stub, 1.1),
        "rabbit" => (hex(0xc8_b8_a8), hex(0xfa_f4_ee), Ears::Long, Tail::Stub, 0.8),
        "mouse" => (hex(0x9a_98_a2), hex(0xf0_c0_c8), Ears::Round, Tail::Thin, 0.8),
        "lion" => (hex(0xe2_a8_4a), hex(0xf8_e2_b4), Ears::Round, Tail::Thin, 1.15),
        _ => (dice.paint(&cats), hex(0xff_f2_e2), Ears::Pointed, Tail::Thin, 0.85),
    };
    Beast { coat, pale, ears, tail, muzzle, has_mane: kind == "lion" }
}

/// A sitting animal; `size` is its height, and it sits on `place`.
pub(super) fn sitting(canvas: &mut Canvas, dice: &mut Dice, kind: &str, (x, y): Place, size: f32) {
    let beast = beast(kind, dice);
    let (coat, dark) = (beast.coat, beast.coat.darker(0.25));
    shadow(canvas, (x, y), size * 0.42);
    tail(canvas, &beast, (x, y), size);
    let body = [
        (x - size * 0.34, y + size * 0.03),
        (x - size * 0.34, y - size * 0.26),
        (x - size * 0.14, y - size * 0.62),
        (x + size * 0.14, y - size * 0.62),
        (x + size * 0.34, y - size * 0.26),
        (x + size * 0.34, y + size * 0.03),
    ];
    canvas.fill(blob(&body), coat);
    canvas.plain(oval((x, y - size * 0.24), size * 0.12, size * 0.19), beast.pale);
    for side in [-1.0, 1.0] {
        canvas.fill(oval((x + side * size * 0.24, y - size * 0.06), size * 0.12, size * 0.08), coat);
        canvas.fill(oval((x + side * size * 0.09, y - size * 0.035), size * 0.075, size * 0.05), beast.pale);
        canvas.line(
            polyline(&[(x + side * size * 0.1, y - size * 0.32), (x + side * size * 0.11, y - size * 0.07)]),
            size * 0.012,
            dark,
        );
    }
    head(canvas, &beast, (x, y - size * 0.7), size * 0.25, false);
}

/// A curled up, sleeping animal; `size` is its width.
pub(super) fn sleeping(canvas: &mut Canvas, dice: &mut Dice, kind: &str, (x, y): Place, size: f32) {
    let beast = beast(kind, dice);
    let coat = beast.coat;
    shadow(canvas, (x, y), size * 0.55);
    let body = [
        (x - size * 0.42, y + size * 0.02),
        (x - size * 0.5, y - size * 0.2),
        (x - size * 0.2, y - size * 0.46),
        (x + size * 0.25, y - size * 0.44),
        (x + size * 0.55, y - size * 0.2),
        (x + size * 0.46, y + size * 0.02),
    ];
    canvas.fill(blob(&body), coat);
    canvas.line(
        curve((x + size * 0.2, y - size * 0.33), (x + size * 0.02, y - size * 0.1), (x + size * 0.22, y - size * 0.03)),
        size * 0.012,
        coat.darker(0.3),
    );
    for stripe in 0..3_u8 {
        let left = x + size * (0.0 + 0.11 * f32::from(stripe));
        canvas.line(
            curve((left, y - size * 0.38), (left + size * 0.05, y - size * 0.3), (left + size * 0.03, y - size * 0.22)),
            size * 0.022,
            coat.darker(0.22),
        );
    }
    let width = if beast.tail == Tail::Bushy { 0.13 } else { 0.075 };
    canvas.line(
        curve((x + size * 0.44, y - size * 0.1), (x + size * 0.3, y + size * 0.04), (x - size * 0.12, y - size * 0.03)),
        size * width,
        coat.darker(0.12),
    );
    canvas.line(
        curve(
            (x - size * 0.02, y - size * 0.03),
            (x - size * 0.08, y - size * 0.035),
            (x - size * 0.12, y - size * 0.03),
        ),
        size * width,
        beast.pale,
    );
    head(canvas, &beast, (x - size * 0.28, y - size * 0.17), size * 0.2, true);
    let ink = WHITE.alpha(0.85);
    for (dx, dy, scale) in [(-0.05, -0.52, 0.05), (0.03, -0.64, 0.065), (0.13, -0.8, 0.085)] {
        let (left, top, arm) = (x + dx * size, y + dy * size, scale * size);
        canvas.line(
            polyline(&[(left, top), (left + arm, top), (left, top + arm), (left + arm, top + arm)]),
            size * 0.014,
            ink,
        );
    }
}

fn shadow(canvas: &mut Canvas, (x, y): Place, half: f32) {
    canvas.plain(oval((x, y), half, half * 0.16), BLACK.alpha(0.25));
}

fn tail(canvas: &mut Canvas, beast: &Beast, (x, y): Place, size: f32) {
    let (start, pull, end) =
        ((x + size * 0.22, y - size * 0.08), (x + size * 0.62, y), (x + size * 0.5, y - size * 0.38));
    match beast.tail {
        Tail::Thin => canvas.line(curve(start, pull, end), size * 0.065, beast.coat.darker(0.1)),
        Tail::Bushy => {
            let shape = [
                start,
                (x + size * 0.66, y + size * 0.04),
                (x + size * 0.7, y - size * 0.34),
                (x + size * 0.5, y - size * 0.62),
                (x + size * 0.4, y - size * 0.22),
            ];
            canvas.fill(blob(&shape), beast.coat);
            canvas.plain(circle((x + size * 0.53, y - size * 0.44), size * 0.07), beast.pale);
        }
        Tail::Stub => canvas.fill(circle((x + size * 0.33, y - size * 0.1), size * 0.07), beast.pale),
    }
}

fn head(canvas: &mut Canvas, beast: &Beast, (x, y): Place, radius: f32, is_asleep: bool) {
    let at = |dx: f32, dy: f32| (x + dx * radius, y + dy * radius);
    if beast.has_mane {
        canvas.fill(circle(at(0.0, 0.05), radius * 1.5), hex(0xa8_5c_22));
    }
    for side in [-1.0, 1.0] {
        ear(canvas, beast, (x, y), radius, side);
    }
    canvas.fill(oval((x, y), radius * 1.06, radius * 0.96), beast.coat);
    canvas.plain(oval(at(0.0, 0.42), radius * 0.5, radius * 0.36 * beast.muzzle), beast.pale);
    let ink = hex(0x22_1c_20);
    for side in [-1.0, 1.0] {
        if is_asleep {
            let lid = curve(at(side * 0.2, -0.02), at(side * 0.42, 0.22), at(side * 0.64, -0.02));
            canvas.line(lid, radius * 0.08, ink);
        } else {
            canvas.plain(oval(at(side * 0.42, -0.08), radius * 0.17, radius * 0.21), WHITE);
            canvas.plain(oval(at(side * 0.4, -0.06), radius * 0.12, radius * 0.17), ink);
            canvas.plain(circle(at(side * 0.36, -0.13), radius * 0.05), WHITE);
        }
        for lift in [-0.1, 0.06, 0.2] {
            let whisker = [at(side * 0.42, 0.38 + lift * 0.4), at(side * 1.15, 0.3 + lift)];
            canvas.line(polyline(&whisker), radius * 0.025, ink.alpha(0.55));
        }
        canvas.line(curve(at(0.0, 0.4), at(side * 0.06, 0.62), at(side * 0.28, 0.54)), radius * 0.055, ink);
    }
    canvas.plain(
        polygon(&[at(-0.14, 0.22), at(0.14, 0.22), at(0.0, 0.4)]),
        if beast.muzzle > 1.0 { ink } else { hex(0xe0_7a_8a) },
    );
}

fn ear(canvas: &mut Canvas, beast: &Beast, (x, y): Place, radius: f32, side: f32) {
    let at = |dx: f32, dy: f32| (x + side * dx * radius, y + dy * radius);
    match beast.ears {
        Ears::Pointed => {
            canvas.fill(polygon(&[at(0.12, -0.8), at(0.78, -1.5), at(1.0, -0.3)]), beast.coat);
            canvas.plain(
                polygon(&[at(0.38, -0.85), at(0.74, -1.25), at(0.86, -0.5)]),
                beast.pale.mix(hex(0xf0_a0_a8), 0.5),
            );
        }
        Ears::Round => {
            canvas.fill(circle(at(0.72, -0.72), radius * 0.4), beast.coat);
            canvas.plain(circle(at(0.72, -0.7), radius * 0.22), beast.pale);
        }
        Ears::Long => {
            canvas.fill(oval(at(0.42, -1.55), radius * 0.26, radius * 0.95), beast.coat);
            canvas.plain(oval(at(0.42, -1.5), radius * 0.12, radius * 0.7), hex(0xf4_b8_c0));
        }
        Ears::Hanging => {
            canvas.fill(blob(&[at(0.5, -0.95), at(1.35, -0.7), at(1.4, 0.55), at(0.95, 0.6)]), beast.coat.darker(0.3));
        }
    }
}

/// A standing animal with long legs; `size` is its height.
pub(super) fn standing(canvas: &mut Canvas, dice: &mut Dice, kind: &str, (x, y): Place, size: f32) {
    let coat = match kind {
        "deer" => hex(0xa8_6a_3a),
        "cow" => hex(0xf6_f2_ea),
        _ => dice.pick(&[hex(0x8a_52_2e), hex(0x4a_34_2c), hex(0xe8_e2_da), hex(0xb8_8a_5a)], WHITE),
    };
    let dark = coat.darker(0.3);
    shadow(canvas, (x, y), size * 0.5);
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    for (dx, shade) in [(-0.3, dark), (0.2, dark), (-0.22, coat), (0.27, coat)] {
        canvas.fill(rounded(at(dx - 0.035, 0.4), size * 0.07, size * 0.4, size * 0.02), shade);
        canvas.plain(rect(at(dx - 0.035, 0.04), size * 0.07, size * 0.04), hex(0x2a_20_1c));
    }
    canvas.line(
        curve(at(-0.36, 0.55), at(-0.52, 0.5), at(-0.47, 0.22)),
        size * 0.05,
        if kind == "cow" { coat } else { dark },
    );
    canvas.fill(
        blob(&[at(-0.42, 0.32), at(-0.42, 0.66), at(0.1, 0.62), at(0.42, 0.7), at(0.42, 0.34), at(0.0, 0.3)]),
        coat,
    );
    canvas.fill(polygon(&[at(0.18, 0.6), at(0.34, 0.92), at(0.46, 0.88), at(0.4, 0.5)]), coat);
    canvas.fill(blob(&[at(0.32, 1.0), at(0.48, 0.98), at(0.68, 0.8), at(0.6, 0.72), at(0.36, 0.82)]), coat);
    canvas.fill(polygon(&[at(0.34, 0.95), at(0.36, 1.07), at(0.42, 0.96)]), coat);
    canvas.plain(circle(at(0.46, 0.9), size * 0.018), BLACK);
    match kind {
        "deer" => {
            for side in [0.0, 0.07] {
                canvas.line(
                    curve(at(0.38 + side, 0.97), at(0.28 + side, 1.15), at(0.34 + side, 1.32)),
                    size * 0.022,
                    hex(0x6a_4a_30),
                );
                canvas.line(polyline(&[at(0.33 + side, 1.12), at(0.24 + side, 1.2)]), size * 0.018, hex(0x6a_4a_30));
                canvas.line(polyline(&[at(0.32 + side, 1.2), at(0.42 + side, 1.28)]), size * 0.018, hex(0x6a_4a_30));
            }
        }
        "cow" => {
            for (dx, dy, rx, ry) in [(-0.2, 0.52, 0.13, 0.09), (0.1, 0.46, 0.09, 0.07), (0.28, 0.56, 0.07, 0.06)] {
                canvas.plain(oval(at(dx, dy), rx * size, ry * size), hex(0x2c_26_28));
            }
            canvas.plain(oval(at(0.6, 0.78), size * 0.06, size * 0.05), hex(0xf0_b0_b0));
        }
        _ => {
            canvas.line(curve(at(0.37, 1.0), at(0.16, 0.84), at(0.2, 0.62)), size * 0.07, dark);
        }
    }
}

/// A bird on the ground; `size` is its height.
pub(super) fn bird(canvas: &mut Canvas, dice: &mut Dice, kind: &str, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let coat = match kind {
        "owl" => hex(0x8a_66_48),
        "penguin" => hex(0x22_28_36),
        _ => dice.pick(&[hex(0xd8_4a_3a), hex(0x3a_7a_d0), hex(0xe8_b0_30), hex(0x5a_a0_5a)], WHITE),
    };
    shadow(canvas, (x, y), size * 0.35);
    for side in [-0.1, 0.1] {
        canvas.line(polyline(&[at(side, 0.15), at(side, 0.01), at(side + 0.06, 0.0)]), size * 0.025, hex(0xe0_9a_30));
    }
    canvas.fill(oval(at(0.0, 0.45), size * 0.33, size * 0.4), coat);
    canvas.plain(
        oval(at(0.0, 0.38), size * 0.22, size * 0.29),
        coat.lighter(if kind == "penguin" { 0.95 } else { 0.55 }),
    );
    for side in [-1.0, 1.0] {
        canvas.fill(
            blob(&[at(side * 0.2, 0.7), at(side * 0.44, 0.5), at(side * 0.4, 0.12), at(side * 0.22, 0.34)]),
            coat.darker(0.2),
        );
        if kind == "owl" {
            canvas.fill(polygon(&[at(side * 0.08, 0.86), at(side * 0.27, 1.0), at(side * 0.27, 0.74)]), coat);
        }
        let eye = if kind == "owl" { 0.12 } else { 0.065 };
        canvas.plain(circle(at(side * 0.12, 0.7), size * eye), if kind == "owl" { hex(0xf6_c8_3a) } else { WHITE });
        canvas.plain(circle(at(side * 0.12, 0.7), size * eye * 0.55), BLACK);
    }
    canvas.plain(polygon(&[at(-0.06, 0.65), at(0.06, 0.65), at(0.0, 0.54)]), hex(0xf0_9a_24));
}

/// A few birds far away in the air.
pub(super) fn flock(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, colour: Colour) {
    for _ in 0..6 {
        let (left, top) = (x + dice.between(-14.0, 14.0) * canvas.unit, y + dice.between(-6.0, 6.0) * canvas.unit);
        let span = dice.between(1.2, 2.4) * canvas.unit;
        canvas.line(
            curve((left - span, top - span * 0.2), (left - span * 0.4, top - span * 0.8), (left, top)),
            0.3 * canvas.unit,
            colour,
        );
        canvas.line(
            curve((left, top), (left + span * 0.4, top - span * 0.8), (left + span, top - span * 0.2)),
            0.3 * canvas.unit,
            colour,
        );
    }
}

/// A fish or a whale by its middle; `size` is its length.
pub(super) fn fish(canvas: &mut Canvas, dice: &mut Dice, kind: &str, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let is_whale = kind == "whale";
    let coat = if is_whale {
        hex(0x3a_6a_9a)
    } else {
        dice.paint(&[hex(0xf6_8a_2a), hex(0xf2_c0_38), hex(0x4a_b0_d0), hex(0xe0_50_70)])
    };
    canvas.fill(blob(&[at(0.3, 0.02), at(0.52, 0.24), at(0.46, 0.0), at(0.52, -0.22)]), coat.darker(0.2));
    canvas.fill(
        blob(&[at(-0.52, 0.0), at(-0.3, 0.3), at(0.16, 0.2), at(0.46, 0.0), at(0.16, -0.2), at(-0.3, -0.3)]),
        coat,
    );
    canvas.plain(
        blob(&[at(-0.46, -0.06), at(-0.1, -0.06), at(0.2, -0.08), at(0.05, -0.17), at(-0.3, -0.2)]),
        coat.lighter(0.6),
    );
    canvas.fill(polygon(&[at(-0.05, 0.2), at(0.08, 0.34), at(0.16, 0.15)]), coat.darker(0.2));
    if is_whale {
        for side in [-0.1, 0.1] {
            canvas.line(curve(at(-0.2, 0.26), at(-0.2, 0.5), at(-0.2 + side, 0.5)), size * 0.02, WHITE.alpha(0.9));
        }
    } else {
        for stripe in [-0.14, 0.04] {
            canvas.line(
                curve(at(stripe, 0.18), at(stripe + 0.07, 0.0), at(stripe, -0.18)),
                size * 0.045,
                WHITE.alpha(0.85),
            );
        }
    }
    canvas.plain(circle(at(-0.32, 0.06), size * 0.04), WHITE);
    canvas.plain(circle(at(-0.33, 0.06), size * 0.022), BLACK);
}

/// A butterfly by its middle; `size` is its width.
pub(super) fn butterfly(canvas: &mut Canvas, dice: &mut Dice, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let wing = dice.paint(&[hex(0xf0_8a_2a), hex(0x3a_7a_e0), hex(0xd8_4a_9a), hex(0xf2_c4_30)]);
    for side in [-1.0, 1.0] {
        canvas.fill(blob(&[at(0.0, 0.0), at(side * 0.2, 0.5), at(side * 0.62, 0.42), at(side * 0.4, 0.02)]), wing);
        canvas.fill(
            blob(&[at(0.0, 0.04), at(side * 0.42, 0.02), at(side * 0.4, -0.4), at(side * 0.12, -0.34)]),
            wing.darker(0.15),
        );
        canvas.plain(circle(at(side * 0.32, 0.27), size * 0.06), wing.lighter(0.6));
        canvas.plain(circle(at(side * 0.24, -0.17), size * 0.045), wing.lighter(0.6));
        canvas.line(curve(at(0.0, 0.22), at(side * 0.04, 0.4), at(side * 0.13, 0.42)), size * 0.012, BLACK);
    }
    canvas.plain(oval((x, y), size * 0.03, size * 0.24), hex(0x2a_20_24));
}

/// A person in a dress or in trousers; `size` is the height.
pub(super) fn person(canvas: &mut Canvas, dice: &mut Dice, is_dressed: bool, (x, y): Place, size: f32) {
    let at = |dx: f32, dy: f32| (x + dx * size, y - dy * size);
    let cloth =
        dice.pick(&[hex(0xd0_40_4a), hex(0x3a_6a_c0), hex(0x3c_9a_72), hex(0xe8_a8_30), hex(0x8a_5a_b8)], WHITE);
    let hair = dice.pick(&[hex(0x3a_26_1c), hex(0xc8_8a_3a), hex(0x7a_3c_20), hex(0x1c_1a_20)], BLACK);
    let skin = dice.pick(&[hex(0xf6_d2_b4), hex(0xe8_b8_90), hex(0xc8_90_68)], WHITE);
    shadow(canvas, (x, y), size * 0.2);
    for side in [-1.0, 1.0] {
        canvas.fill(rounded(at(side * 0.07 - 0.035, 0.34), size * 0.07, size * 0.33, size * 0.02), hex(0x34_3c_54));
        canvas.fill(oval(at(side * 0.085, 0.015), size * 0.06, size * 0.025), hex(0x2a_22_20));
        canvas.line(
            curve(at(side * 0.1, 0.72), at(side * 0.22, 0.62), at(side * 0.2, 0.44)),
            size * 0.06,
            cloth.darker(0.1),
        );
        canvas.plain(circle(at(side * 0.2, 0.42), size * 0.035), skin);
    }
    if is_dressed {
        canvas.fill(blob(&[at(-0.08, 0.84), at(0.08, 0.84), at(0.26, 0.22), at(-0.26, 0.22)]), cloth);
        canvas.fill(blob(&[at(-0.16, 1.0), at(0.16, 1.0), at(0.18, 0.68), at(-0.18, 0.68)]), hair);
    } else {
        canvas.fill(blob(&[at(-0.17, 0.8), at(0.17, 0.8), at(0.15, 0.28), at(-0.15, 0.28)]), cloth);
    }
    canvas.fill(rect(at(-0.03, 0.82), size * 0.06, size * 0.08), skin.darker(0.08));
    canvas.fill(oval(at(0.0, 0.89), size * 0.1, size * 0.115), skin);
    canvas.fill(blob(&[at(-0.14, 0.88), at(-0.1, 1.04), at(0.1, 1.04), at(0.14, 0.88), at(0.04, 0.95)]), hair);
    for side in [-0.04, 0.04] {
        canvas.plain(circle(at(side, 0.885), size * 0.012), BLACK);
    }
    canvas.line(curve(at(-0.03, 0.845), at(0.0, 0.82), at(0.03, 0.845)), size * 0.01, hex(0xb0_4a_4a));
}
