//! What the catalogue of ideas holds and this engine does not do, with the reason: so that nobody takes silence for safety.

/// Row of the catalogue, what it would see, and why it is left out.
pub const LEFT_OUT: &[(&str, &str, &str)] = &[
    (
        "B2",
        "two countries in a short window",
        "`impossible-travel` sees it with every uncertainty taken off; by itself it is an alarm for every VPN whose exit stands abroad",
    ),
    (
        "B6",
        "a new city or region",
        "`new-network` says it more surely than a geolocation that errs by a city",
    ),
    (
        "B9",
        "many places in a day",
        "`simultaneous-sessions` and `impossible-travel` see those that cannot be one person",
    ),
    (
        "C4",
        "a provider that is new for the user",
        "`new-network` says it more surely, and also without a pack; a provider that is new for everybody is `new-provider`",
    ),
    (
        "C11",
        "a forwarded-for header that disagrees",
        "the header is whatever the client writes: who hides writes another, and a proxy of the org's own is the rule",
    ),
    ("E8", "refresh failures and mass revocations", "needs Event Monitoring"),
    ("E9", "one device code from two addresses", "Salesforce records no device code in the login history"),
    (
        "F7",
        "a device activated, then a distant success",
        "Salesforce asks for it at every first login with a new browser from elsewhere: it is the rule, not a sign",
    ),
    (
        "G6",
        "more weight for the privileged",
        "it makes an administrator's every hotel an alarm; what an administrator may do weighs where it is asked whether to act: the guard keeps the last one",
    ),
    ("H5", "a risky login whose session lives", "what containment does with every finding"),
    (
        "I1",
        "a chain of reconnaissance, guesses, success and a new factor",
        "what an episode is: a day of one user's hits",
    ),
    (
        "I3",
        "muting what an unanswered notice did not deny",
        "an attacker who reads the mailbox wins by silence",
    ),
];
