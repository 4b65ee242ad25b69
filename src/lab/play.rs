//! Playing the sound of a specimen, with the feature `playback`.

#[cfg(not(feature = "playback"))]
mod player {
    /// Plays nothing.
    #[derive(Default)]
    pub struct Player;

    impl Player {
        /// Whether there is something to play on; else why not.
        pub fn available(&mut self) -> Result<(), String> {
            Err("Built without the feature `playback`: cargo run --release --features playback -- lab".to_owned())
        }

        /// Plays 16-bit samples.
        pub fn play(&mut self, _rate: u32, _samples: &[i16]) {}
    }
}

#[cfg(feature = "playback")]
mod player {
    use std::num::NonZero;

    use rodio::buffer::SamplesBuffer;
    use rodio::{DeviceSinkBuilder, MixerDeviceSink};

    /// Plays on the system's sound device, which is opened when it's first asked for.
    #[derive(Default)]
    pub struct Player {
        device: Option<Result<MixerDeviceSink, String>>,
    }

    impl Player {
        fn device(&mut self) -> &Result<MixerDeviceSink, String> {
            self.device.get_or_insert_with(|| {
                DeviceSinkBuilder::open_default_sink()
                    .map_err(|error| format!("There is no sound device here: {error}"))
            })
        }

        /// Whether there is something to play on; else why not.
        pub fn available(&mut self) -> Result<(), String> {
            self.device().as_ref().map(drop).map_err(Clone::clone)
        }

        /// Plays 16-bit samples.
        pub fn play(&mut self, rate: u32, samples: &[i16]) {
            let (Ok(device), Some(rate)) = (self.device(), NonZero::new(rate)) else { return };
            let samples: Vec<f32> = samples.iter().map(|s| f32::from(*s) / 32768.0).collect();
            device.mixer().add(SamplesBuffer::new(NonZero::<u16>::MIN, rate, samples));
        }
    }
}

pub use player::Player;
