//! Colours and what is done with them.

use tiny_skia::Color;

/// A colour; each part is between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Colour {
    red: f32,
    green: f32,
    blue: f32,
    alpha: f32,
}

pub(super) const WHITE: Colour = Colour { red: 1.0, green: 1.0, blue: 1.0, alpha: 1.0 };
pub(super) const BLACK: Colour = Colour { red: 0.0, green: 0.0, blue: 0.0, alpha: 1.0 };

/// The colour that `0xRRGGBB` says.
pub(super) fn hex(code: u32) -> Colour {
    let [_, red, green, blue] = code.to_be_bytes().map(|part| f32::from(part) / 255.0);
    Colour { red, green, blue, alpha: 1.0 }
}

impl Colour {
    /// The same colour, see-through where `alpha` is below 1.
    pub(super) fn alpha(self, alpha: f32) -> Self {
        Self { alpha, ..self }
    }

    /// This colour with a share of another in it; the alpha stays.
    pub(super) fn mix(self, other: Self, share: f32) -> Self {
        let part = |own: f32, others: f32| own + (others - own) * share;
        Self {
            red: part(self.red, other.red),
            green: part(self.green, other.green),
            blue: part(self.blue, other.blue),
            alpha: self.alpha,
        }
    }

    pub(super) fn lighter(self, share: f32) -> Self {
        self.mix(WHITE, share)
    }

    pub(super) fn darker(self, share: f32) -> Self {
        self.mix(BLACK, share)
    }

    /// Farther from grey; 1 leaves it as it is.
    pub(super) fn saturated(self, factor: f32) -> Self {
        let grey = 0.3 * self.red + 0.59 * self.green + 0.11 * self.blue;
        let part = |own: f32| (grey + (own - grey) * factor).clamp(0.0, 1.0);
        Self { red: part(self.red), green: part(self.green), blue: part(self.blue), alpha: self.alpha }
    }

    pub(super) fn to_skia(self) -> Color {
        Color::from_rgba(self.red, self.green, self.blue, self.alpha).unwrap_or(Color::BLACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_mixed_part_by_part() {
        assert_eq!(BLACK.mix(WHITE, 0.5), Colour { red: 0.5, green: 0.5, blue: 0.5, alpha: 1.0 });
        assert_eq!(hex(0xff_00_00).saturated(0.0).to_skia(), Color::from_rgba(0.3, 0.3, 0.3, 1.0).unwrap());
        assert_eq!(hex(0x12_34_56).alpha(0.5).lighter(1.0), WHITE.alpha(0.5));
    }
}
