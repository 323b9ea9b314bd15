//! Variety of a picture: positions and shades that follow from its prompt.

use crate::writer::Seed;

/// Deals out fractions, always the same ones for the same prompt and purpose.
pub(super) struct Dice(Seed);

impl Dice {
    /// Dice for one part of a picture. Each part has its own, so that one more star moves no tree.
    pub(super) fn of(prompt: &str, purpose: &str) -> Self {
        Self(Seed::of([prompt, purpose]))
    }

    /// From 0 to 1.
    pub(super) fn unit(&mut self) -> f32 {
        let [high, low, ..] = self.0.number().to_be_bytes();
        f32::from(u16::from_be_bytes([high, low])) / f32::from(u16::MAX)
    }

    /// From `low` to `high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// One of the items.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T], otherwise: T) -> T {
        items.get(self.0.below(items.len())).copied().unwrap_or(otherwise)
    }
}
