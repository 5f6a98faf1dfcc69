//! Clients that others wrote, against the simulated org: what they believe of it, and how fast they read it.
