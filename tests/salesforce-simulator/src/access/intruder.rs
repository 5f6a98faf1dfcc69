//! An attacker who does not leave: he uses what he stole, and what he stole makes new sessions when his ends.

use crate::arrival::Source;
use crate::campaign::Loot;
use crate::org::Org;
use jiff::Timestamp;

#[derive(Clone, Debug)]
pub(crate) struct Intruder {
    loot: Loot,
    /// Sessions he opened since he was let loose.
    mints: u32,
    /// When he was last turned away; he knocks at most once a second.
    refused: Option<Timestamp>,
}

impl Org {
    /// Lets whoever holds this loot loose: after every request to the org he uses his session, and where it has ended he
    /// opens another with his refresh token or password at once.
    pub fn let_loose(&mut self, loot: Loot) {
        self.keys.intruders.push(Intruder { loot, mints: 0, refused: None });
        self.play_intruders();
    }

    /// How many sessions the intruders have opened since they were let loose.
    pub fn reminted(&self) -> u32 {
        self.keys.intruders.iter().map(|intruder| intruder.mints).sum()
    }

    /// The access tokens the intruders use now.
    pub fn intruders_tokens(&self) -> Vec<String> {
        self.keys.intruders.iter().map(|intruder| intruder.loot.access_token.clone()).collect()
    }

    pub(crate) fn play_intruders(&mut self) {
        let mut intruders = std::mem::take(&mut self.keys.intruders);
        for intruder in &mut intruders {
            self.play(intruder);
        }
        self.keys.intruders = intruders;
    }

    fn play(&mut self, intruder: &mut Intruder) {
        let now = self.now();
        if self.authorize(&intruder.loot.access_token).is_some() || intruder.refused == Some(now) {
            return;
        }
        match self.minted(&intruder.loot) {
            Some(token) => {
                intruder.loot.access_token = token;
                intruder.mints += 1;
            }
            None => intruder.refused = Some(now),
        }
    }

    fn minted(&mut self, loot: &Loot) -> Option<String> {
        let source = || Source { ip: loot.source_ip.clone().into(), city: loot.city };
        let refreshed =
            loot.refresh_token.as_ref().and_then(|token| self.grant_refresh(token, source()).ok());
        let grant = refreshed.or_else(|| {
            let password = loot.password.as_ref()?;
            self.grant_password(&loot.username, password, source()).ok()
        })?;
        Some(grant.access_token)
    }
}
