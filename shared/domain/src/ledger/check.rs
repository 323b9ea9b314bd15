//! The check of all accounts, for operators: does each balance equal the sum of its entries?

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use store::{Cursor, Scan, measured};
use uuid::Uuid;

use super::items::{ACCOUNT_PREFIX, SCANNED, Scanned, ScannedItem};
use super::model::{Account, AccountId, Audit, Entry, EntryState};
use super::service::Ledger;
use crate::kernel::telemetry::{self, Metric};
use crate::kernel::{Amount, Error, Result, Timestamp};

/// How often an account that does not balance is read again. Two equal readings in a row are taken as the truth.
const READINGS: usize = 5;

/// How to check.
#[derive(Debug, Clone)]
pub struct Check {
    /// The maximum age of a hold. A sweep ends what it pays for long before two hours.
    pub hold_limit: Duration,
    /// Limit of read capacity units per second.
    pub read_units: Option<u32>,
    /// Items per page of the scan; as many as fit into 1 MB by default.
    pub page: Option<u32>,
}

impl Default for Check {
    fn default() -> Self {
        Self { hold_limit: Duration::from_hours(2), read_units: None, page: None }
    }
}

/// Result of a check of all accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Number of accounts.
    pub accounts: u64,
    /// Number of entries, in all states.
    pub entries: u64,
    /// Total available.
    pub available: Amount,
    /// Total held.
    pub held: Amount,
    /// Findings by account.
    pub differences: Vec<Difference>,
}

impl Report {
    /// Whether there are no findings.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }
}

/// A finding about one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub account: AccountId,
    pub finding: Finding,
}

/// What can be wrong with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The stored balance differs from the sum of the entries.
    Unbalanced {
        /// The balance as stored.
        stored: Account,
        /// The balance as computed from the entries.
        computed: Account,
    },
    /// The balance is negative.
    Negative {
        /// The balance as stored.
        stored: Account,
    },
    /// A hold that was not settled in time.
    StaleHold { operation: Uuid, held: Amount, since: Timestamp },
    /// Every reading differed and none balanced: the account is in use. Check again.
    Unsettled,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "account {}: {}", self.account, self.finding)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |account: &Account| {
            format!("{} available, {} held, {} posted entries", account.available, account.held, account.entries)
        };
        match self {
            Self::Unbalanced { stored, computed } => {
                write!(f, "the balance says {}; its entries say {}", list(stored), list(computed))
            }
            Self::Negative { stored } => write!(f, "the balance is negative: {}", list(stored)),
            Self::StaleHold { operation, held, since } => {
                write!(f, "{held} held by operation {operation} since {since}")
            }
            Self::Unsettled => f.write_str("in use: it changed during every reading; check again"),
        }
    }
}

/// Read rate of the nightly check: a fraction of what a new on-demand table serves, so that requests are not throttled.
/// In a function's 15 minutes this reads some 1.4 GB.
const NIGHTLY_READ_UNITS: u32 = 200;

impl Ledger {
    /// The nightly check. Findings are logged by account and counted in the metric `LedgerDifferences`, which has an
    /// alarm.
    pub async fn check_nightly(&self, now: Timestamp) -> Result<()> {
        let check = Check { read_units: Some(NIGHTLY_READ_UNITS), ..Check::default() };
        let report = self.check_all(&check, now).await?;
        for difference in &report.differences {
            tracing::error!(account = %difference.account, finding = %difference.finding, "the books do not balance");
        }
        telemetry::note(Metric::LEDGER_ACCOUNTS, report.accounts);
        telemetry::note(Metric::LEDGER_DIFFERENCES, report.differences.len() as u64);
        tracing::info!(accounts = report.accounts, entries = report.entries, "ledger checked");
        Ok(())
    }

    /// Checks every account of the table: the balance equals the sum of its entries, is not negative, and no hold is
    /// older than its limit.
    ///
    /// **FOR OPERATORS' COMMANDS, THE NIGHTLY SCHEDULE AND TESTS ONLY.** It reads the whole table once
    /// ([`store::Table::scan`]). Accounts may be in use meanwhile: one that looks wrong in the scan is read again by
    /// its key, until two readings in a row are equal.
    ///
    /// Memory grows with the number of accounts, by some 200 bytes for each. Fails if the table cannot be read, or has
    /// an item among the accounts that is neither a balance nor an entry; the error names it.
    pub async fn check_all(&self, check: &Check, now: Timestamp) -> Result<Report> {
        let mut report = Report::default();
        let mut audits: BTreeMap<AccountId, Audit> = BTreeMap::new();
        let mut cursor = None;
        loop {
            cursor = self.walk(check, cursor, &mut audits, &mut report).await?;
            if cursor.is_none() {
                break;
            }
        }
        // A limit beyond the range of time leaves no hold stale.
        let oldest = now.checked_sub(check.hold_limit).unwrap_or(Timestamp::MIN);
        for (account, mut audit) in audits {
            if is_suspect(&audit, oldest) {
                audit = self.look_again(account, oldest, &mut report.differences).await?;
            }
            report.accounts += 1;
            report.available = report.available + audit.account.available;
            report.held = report.held + audit.account.held;
        }
        Ok(report)
    }

    /// One page of the scan. Returns where the next one starts.
    async fn walk(
        &self,
        check: &Check,
        cursor: Option<Cursor>,
        audits: &mut BTreeMap<AccountId, Audit>,
        report: &mut Report,
    ) -> Result<Option<Cursor>> {
        let scan = Scan::partitions(ACCOUNT_PREFIX, SCANNED).limit(check.page).after(cursor);
        let (page, usage) = measured(self.table.scan::<ScannedItem>(scan)).await;
        let page = page?;
        for item in page.items {
            let place = item.place();
            let (account, item) = item.read().ok_or_else(|| {
                Error::internal("check of all accounts", format!("{place} is neither a balance nor an entry"))
            })?;
            let audit = audits.entry(account).or_default();
            match item {
                Scanned::Balance(stored) => *audit = std::mem::take(audit).of(stored),
                Scanned::Entry(entry) => {
                    report.entries += 1;
                    *audit = std::mem::take(audit).plus(&entry);
                }
            }
        }
        if let (Some(limit), Some(_)) = (check.read_units, &page.next) {
            let seconds = usage.read_units / f64::from(limit.max(1));
            tokio::time::sleep(Duration::try_from_secs_f64(seconds).unwrap_or_default()).await;
        }
        Ok(page.next)
    }

    /// Reads an account until a reading balances or two in a row are equal, and adds its findings.
    async fn look_again(
        &self,
        account: AccountId,
        oldest: Timestamp,
        differences: &mut Vec<Difference>,
    ) -> Result<Audit> {
        let mut add = |finding| differences.push(Difference { account, finding });
        let mut before: Option<Audit> = None;
        for _ in 0..READINGS {
            let entries = self.entries(account).await?;
            let audit = Audit::new(self.account(account).await?, &entries);
            if !audit.agrees() && before.as_ref() != Some(&audit) {
                before = Some(audit);
                continue;
            }
            findings(&audit, &entries, oldest).into_iter().for_each(&mut add);
            return Ok(audit);
        }
        add(Finding::Unsettled);
        Ok(before.unwrap_or_default())
    }
}

/// Whether an account has to be read again after the scan.
fn is_suspect(audit: &Audit, oldest: Timestamp) -> bool {
    !audit.agrees() || is_negative(audit.account) || audit.oldest_hold.is_some_and(|since| since < oldest)
}

fn is_negative(account: Account) -> bool {
    account.available < Amount::ZERO || account.held < Amount::ZERO
}

fn findings(audit: &Audit, entries: &[Entry], oldest: Timestamp) -> Vec<Finding> {
    let stored = audit.account;
    let unbalanced = (!audit.agrees()).then_some(Finding::Unbalanced { stored, computed: audit.computed });
    let negative = is_negative(stored).then_some(Finding::Negative { stored });
    let stale = entries.iter().filter(|entry| entry.created_at < oldest).filter_map(|entry| match entry.state {
        EntryState::Pending { held } => {
            Some(Finding::StaleHold { operation: entry.operation, held, since: entry.created_at })
        }
        EntryState::Posted { .. } | EntryState::Void => None,
    });
    unbalanced.into_iter().chain(negative).chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(operation: u128, state: EntryState, second: i64) -> Entry {
        let created_at = Timestamp::from_second(second).unwrap();
        Entry { operation: Uuid::from_u128(operation), state, description: String::new(), created_at, details: None }
    }

    #[test]
    fn everything_that_is_wrong_with_an_account_is_told() {
        let stored = Account { available: Amount::new(-5), held: Amount::new(7), entries: 1, ..Account::default() };
        let held = Amount::new(7);
        let entries = [
            entry(1, EntryState::Posted { amount: Amount::new(3) }, 0),
            entry(2, EntryState::Pending { held }, 10),
            entry(3, EntryState::Void, 0),
        ];
        let audit = Audit::new(stored, &entries);
        let oldest = |second| Timestamp::from_second(second).unwrap();
        let computed = Account { available: Amount::new(-4), held, entries: 1, ..Account::default() };
        let (unbalanced, negative) = (Finding::Unbalanced { stored, computed }, Finding::Negative { stored });
        let stale = Finding::StaleHold { operation: Uuid::from_u128(2), held, since: oldest(10) };
        assert_eq!(findings(&audit, &entries, oldest(10)), [unbalanced.clone(), negative.clone()]);
        assert_eq!(findings(&audit, &entries, oldest(11)), [unbalanced, negative, stale]);
    }

    #[test]
    fn an_account_that_is_in_order_is_not_read_twice() {
        let stored = Account { available: Amount::new(3), entries: 1, ..Account::default() };
        let audit = Audit::new(stored, &[entry(1, EntryState::Posted { amount: Amount::new(3) }, 0)]);
        assert!(!is_suspect(&audit, Timestamp::MAX));
        let held = Audit { oldest_hold: Some(Timestamp::UNIX_EPOCH), ..audit };
        assert!(!is_suspect(&held, Timestamp::UNIX_EPOCH));
        assert!(is_suspect(&held, Timestamp::MAX));
    }
}
