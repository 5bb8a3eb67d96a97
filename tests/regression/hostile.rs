//! Files and arguments that ask for too much.
