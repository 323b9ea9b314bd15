//! Pages as clients ask for them.

/// A request for part of a list: skip `offset` items, return at most `limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The most items to return.
    pub limit: u32,
    /// How many items to skip.
    pub offset: u32,
}

/// Part of a list and the length of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// How many items the whole list has.
    pub total: u64,
    /// What was asked for.
    pub page: Page,
}

impl<T> Paged<T> {
    /// Whether items follow this page.
    pub fn has_more(&self) -> bool {
        u64::from(self.page.offset) + (self.items.len() as u64) < self.total && !self.items.is_empty()
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(f).collect(), total: self.total, page: self.page }
    }
}
