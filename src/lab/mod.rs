//! The laboratory: a window in which a person takes hold of factors and sees what a model learned.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`session`] | the world, the model and the measurements, on a thread of their own |
//! | [`panel`] | what is drawn: one small struct a file, without Bevy |
//! | [`desk`] | the panels laid out, and the keys |
//! | [`app`] | the window |
//! | [`script`] | a window that is driven by a file, as a demo or a test |
//! | [`tokens`] | colours, sizes and distances |

mod app;
mod desk;
mod dial;
mod paint;
mod panel;
mod play;
mod script;
mod session;
mod state;
mod tokens;

pub use app::{Start, run};
pub use script::read as read_script;
pub use session::open;
