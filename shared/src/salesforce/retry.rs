//! Asks again when a failure is likely to pass.

use std::time::Duration;

use super::error::SalesforceError;

/// How often a request is repeated after its first failure.
pub(super) const RETRIES: u32 = 3;
/// How often a token request is: each may be a login, and Salesforce limits the logins of a user in an hour.
pub(super) const TOKEN_RETRIES: u32 = 1;
/// The longest first pause; it doubles with each repetition.
const FIRST_PAUSE: Duration = Duration::from_millis(400);
/// The same while too many long requests run: they take seconds to end.
const CROWDED_PAUSE: Duration = Duration::from_secs(1);

/// Runs `attempt` until it succeeds, fails for good, or was repeated `retries` times. Every request of this room is
/// safe to repeat: reads change nothing, deleting, revoking and freezing twice is the same as once, and a password that is
/// reset twice only costs its user a second mail.
pub(super) async fn persist<T, F>(retries: u32, attempt: impl Fn() -> F) -> Result<T, SalesforceError>
where
    F: Future<Output = Result<T, SalesforceError>>,
{
    let mut repetition = 0;
    loop {
        match attempt().await {
            Err(error) if error.is_passing() && repetition < retries => {
                tracing::warn!(error = %error, repetition, "asking Salesforce again");
                let is_crowded = matches!(error, SalesforceError::TooManyAtOnce { .. });
                wait(if is_crowded { CROWDED_PAUSE } else { FIRST_PAUSE }, repetition).await;
                repetition += 1;
            }
            outcome => {
                if let Err(error) = &outcome {
                    tracing::debug!(?error, repetition, "Salesforce is not asked again");
                }
                return outcome;
            }
        }
    }
}

/// Waits a random time up to a limit that doubles, so that many clients do not come back at once ("full jitter").
pub(super) async fn pause(repetition: u32) {
    wait(FIRST_PAUSE, repetition).await;
}

async fn wait(first: Duration, repetition: u32) {
    tokio::time::sleep(first.saturating_mul(1 << repetition.min(8)).mul_f64(fraction())).await;
}

/// Random, 0 to 1; without randomness the whole pause.
fn fraction() -> f64 {
    let mut bytes = [0; 4];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn failing(error: SalesforceError) -> u32 {
        let attempts = Cell::new(0);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let outcome: Result<(), _> = runtime.block_on(persist(RETRIES, || async {
            attempts.set(attempts.get() + 1);
            Err(error.clone())
        }));
        assert_eq!(outcome, Err(error));
        attempts.get()
    }

    #[test]
    fn only_passing_failures_are_repeated_and_not_for_ever() {
        let object = || "LoginHistory".to_owned();
        assert_eq!(failing(SalesforceError::Unreachable { object: object(), reason: "refused".into() }), 4);
        assert_eq!(failing(SalesforceError::RequestLimit { object: object(), message: String::new() }), 1);
        assert_eq!(failing(SalesforceError::TooManyAtOnce { object: object(), message: String::new() }), 4);
        assert_eq!(failing(SalesforceError::TimedOut { object: object(), seconds: 60 }), 1);
        assert_eq!(failing(SalesforceError::Stalled { object: object(), seconds: 20 }), 4);
    }
}
