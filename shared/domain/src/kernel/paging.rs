//! Pages by offset.

/// A request for part of a list: skip `offset` items, return at most `limit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    pub limit: u32,
    pub offset: u32,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    pub items: Vec<T>,
    /// Items in the whole list.
    pub total: u64,
    pub page: Page,
}

impl<T> Paged<T> {
    /// Whether more items follow.
    pub fn has_more(&self) -> bool {
        u64::from(self.page.offset) + (self.items.len() as u64) < self.total && !self.items.is_empty()
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(f).collect(), total: self.total, page: self.page }
    }
}
