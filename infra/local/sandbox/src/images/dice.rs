//! Variety of a picture: positions and shades that follow from its prompt.

use super::colour::{Colour, WHITE};
use crate::writer::Seed;

/// Deals out fractions, always the same ones for the same prompt and purpose.
pub(super) struct Dice {
    seed: Seed,
    wish: Option<Colour>,
}

impl Dice {
    /// Dice for one part of a picture. Each part has its own, so that one more star moves no tree.
    pub(super) fn of(prompt: &str, purpose: &str) -> Self {
        Self { seed: Seed::of([prompt, purpose]), wish: None }
    }

    /// Dice that always fall on one colour, if there is one that the prompt wishes.
    pub(super) fn wishing(self, wish: Option<Colour>) -> Self {
        Self { wish, ..self }
    }

    /// From 0 to 1.
    pub(super) fn unit(&mut self) -> f32 {
        let [high, low, ..] = self.seed.number().to_be_bytes();
        f32::from(u16::from_be_bytes([high, low])) / f32::from(u16::MAX)
    }

    /// From `low` to `high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// One of the items.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T], otherwise: T) -> T {
        items.get(self.seed.below(items.len())).copied().unwrap_or(otherwise)
    }

    /// The colour of a thing: the one that the prompt wishes, or one of these.
    pub(super) fn paint(&mut self, colours: &[Colour]) -> Colour {
        self.wish.unwrap_or_else(|| self.pick(colours, WHITE))
    }
}
