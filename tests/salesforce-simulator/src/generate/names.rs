//! Names for people.

use crate::id::Id;

const FIRST: [&str; 24] = [
    "Ada", "Jonas", "Priya", "Marcus", "Lena", "Rahul", "Grace", "Felix", "Maya", "Oscar", "Sofia", "Arjun",
    "Clara", "Diego", "Nina", "Samuel", "Anika", "Peter", "Ruth", "Vikram", "Elena", "Tom", "Kavya",
    "Hannah",
];
const LAST: [&str; 24] = [
    "Weber", "Okafor", "Sharma", "Miller", "Nowak", "Iyer", "Brandt", "Lopez", "Keller", "Reddy", "Fischer",
    "Nguyen", "Becker", "Clark", "Rossi", "Menon", "Vogel", "Hughes", "Krause", "Patel", "Sommer", "Young",
    "Ivanova", "Lindt",
];
const DEPARTMENTS: [&str; 5] = ["Sales", "Service", "Marketing", "Finance", "Operations"];

pub(crate) fn first(number: usize) -> &'static str {
    FIRST[number % FIRST.len()]
}

pub(crate) fn last(number: usize) -> &'static str {
    LAST[(number / FIRST.len() + number * 7) % LAST.len()]
}

pub(crate) fn department(number: usize) -> &'static str {
    DEPARTMENTS[number % DEPARTMENTS.len()]
}

/// The role of whoever works in the department.
pub(crate) fn role(number: usize) -> Id {
    Id::new("00E", (number % DEPARTMENTS.len()) as u64 + 1)
}
