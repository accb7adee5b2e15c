//! SAADC: calibrated, three channels at once, continuously by a timer through PPI, and by its own timer,
//! from a pack of 6 V behind a divider by three and a supply of 3.3 V.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_nrf::bind_interrupts;
use embassy_nrf::saadc::{
    self, CallbackResult, ChannelConfig, Config, Gain, Reference, Saadc, VddInput,
};
use embassy_nrf::timer::Frequency;
use embassy_time::Instant;

bind_interrupts!(struct Irqs {
    SAADC => saadc::InterruptHandler;
});

/// 2 V and 3.3 V of 3.6 V, in twelve bits.
const PACK: i16 = 2276;
const VDD: i16 = 3755;
/// 2 V of 3.3 V.
const PACK_OF_VDD: i16 = 2482;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut p = embassy_nrf::init(Default::default());
    {
        let channels = [
            ChannelConfig::single_ended(p.P0_03.reborrow()),
            ChannelConfig::single_ended(VddInput),
            ChannelConfig::single_ended(p.P0_04.reborrow()),
        ];
        let mut adc = Saadc::new(p.SAADC.reborrow(), Irqs, Config::default(), channels);
        adc.calibrate().await;
        let mut results = [0; 3];
        adc.sample(&mut results).await;
        assert_eq!(results, [PACK, VDD, 0]);

        let mut buffers = [[[0; 3]; 10]; 2];
        let mut full = 0;
        let start = Instant::now();
        let timer = (
            p.TIMER0.reborrow(),
            p.PPI_CH0.reborrow(),
            p.PPI_CH1.reborrow(),
        );
        let (hertz, ticks) = (Frequency::F1MHz, 1000);
        adc.run_task_sampler(
            timer.0,
            timer.1,
            timer.2,
            hertz,
            ticks,
            &mut buffers,
            |buffer| {
                assert!(buffer.iter().all(|results| *results == [PACK, VDD, 0]));
                full += 1;
                if full == 10 {
                    CallbackResult::Stop
                } else {
                    CallbackResult::Continue
                }
            },
        )
        .await;
        assert!((99..102).contains(&start.elapsed().as_millis()));
    }
    let mut channel = ChannelConfig::single_ended(p.P0_03);
    channel.gain = Gain::Gain1_4;
    channel.reference = Reference::VDD1_4;
    let mut adc = Saadc::new(p.SAADC, Irqs, Config::default(), [channel]);
    let mut buffers = [[[0; 1]; 500]; 2];
    let start = Instant::now();
    // 10 kHz; the driver starts one buffer only.
    adc.run_timer_sampler::<(), _, 500>(&mut buffers, 1600, |buffer| {
        assert!(buffer.iter().all(|result| *result == [PACK_OF_VDD]));
        CallbackResult::Stop
    })
    .await;
    assert!((49..52).contains(&start.elapsed().as_millis()));
    foreign::pass()
}
