//! Browsers and operating systems, whose versions go up as the months pass.

use super::dice::Dice;
use crate::arrival::Client;

#[derive(Clone, Debug)]
pub(crate) struct Device {
    browser: &'static str,
    platform: &'static str,
    /// Days this device is behind the newest browser version.
    lag: i64,
}

const DESKTOPS: [(&str, &str); 6] = [
    ("Chrome", "Windows 11"),
    ("Chrome", "Windows 10"),
    ("Edge", "Windows 11"),
    ("Chrome", "Mac OSX"),
    ("Safari", "Mac OSX"),
    ("Firefox", "Windows 11"),
];
const PHONES: [(&str, &str); 2] = [("Mobile Safari", "iPhone"), ("Chrome", "Android")];

/// Days between two versions of a browser.
const RELEASE_DAYS: i64 = 28;

impl Device {
    pub(crate) fn desktop(dice: &mut Dice) -> Self {
        let (browser, platform) = *dice.pick(&DESKTOPS, &DESKTOPS[0]);
        Self { browser, platform, lag: dice.within(0..14) }
    }

    pub(crate) fn phone(dice: &mut Dice) -> Self {
        let (browser, platform) = *dice.pick(&PHONES, &PHONES[0]);
        Self { browser, platform, lag: dice.within(0..30) }
    }

    /// A device of this kind with the newest version.
    pub(crate) fn new(browser: &'static str, platform: &'static str) -> Self {
        Self { browser, platform, lag: 0 }
    }

    /// The desktop that so many bits of chance come to.
    pub(crate) fn desktop_of(chance: u64) -> Self {
        let (browser, platform) = DESKTOPS[(chance % 6) as usize];
        Self { browser, platform, lag: (chance / 6 % 14).cast_signed() }
    }

    /// The phone that so many bits of chance come to.
    pub(crate) fn phone_of(chance: u64) -> Self {
        let (browser, platform) = PHONES[(chance % 2) as usize];
        Self { browser, platform, lag: (chance / 2 % 30).cast_signed() }
    }

    pub(crate) fn is_iphone(&self) -> bool {
        self.platform == "iPhone"
    }

    /// The device as it shows itself on `day`, counted from 1970.
    pub(crate) fn client(&self, day: i64) -> Client {
        let version = version(self.browser, day - self.lag);
        Client {
            browser: format!("{} {version}", self.browser).into(),
            platform: self.platform.into(),
            ..Client::app("Browser")
        }
    }
}

/// The computer in the server room.
pub(crate) fn plain(day: i64) -> Client {
    Device { browser: "Chrome", platform: "Windows 11", lag: 20 }.client(day)
}

fn version(browser: &str, day: i64) -> i64 {
    let releases = (day - 20_000) / RELEASE_DAYS;
    match browser {
        "Safari" | "Mobile Safari" => 17 + releases / 9,
        "Firefox" => 128 + releases,
        _ => 130 + releases,
    }
}
