//! Noise of real customers that looks like an attack to whoever does not know it, one function for each kind.

mod cloud;
mod machines;
mod people;
mod traffic;

use crate::world::{BEGIN, DAY, HOUR, World};

/// The customer that is being looked at, and the day.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) number: usize,
    pub(crate) id: &'static str,
    pub(crate) day: i64,
}

impl Scene {
    /// A time of that day.
    pub(crate) fn at(self, hour: i64) -> i64 {
        BEGIN + self.day * DAY + hour * HOUR
    }

    /// An address inside of the customer.
    pub(crate) fn inside(self, host: i64) -> String {
        format!("10.{}.9.{host}", 20 + self.number)
    }

    /// An address of the carrier behind which telephones of many customers come out, another one each time.
    pub(crate) fn carrier(world: &mut World) -> String {
        format!("198.19.{}.{}", world.chance.between(0, 8), world.chance.between(1, 250))
    }
}

/// What has to have happened before the month.
pub(crate) fn before(world: &mut World) {
    for number in 0..world.customers.len() {
        let scene = Scene { number, id: world.customers[number].id, day: 0 };
        people::long_away(world, scene);
    }
}

/// Everything that this day brings beside the ordinary.
pub(crate) fn day(world: &mut World, number: usize, day: i64) {
    let scene = Scene { number, id: world.customers[number].id, day };
    traffic::bulk(world, scene);
    traffic::monitoring(world, scene);
    machines::nightly(world, scene);
    machines::scanner(world, scene);
    machines::services(world, scene);
    machines::keys(world, scene);
    machines::patching(world, scene);
    machines::desks_at_night(world, scene);
    machines::clocks(world, scene);
    machines::internet(world, scene);
    people::helpdesk(world, scene);
    people::telephones(world, scene);
    people::leaver(world, scene);
    people::prompts(world, scene);
    people::on_the_way(world, scene);
    people::kiosk(world, scene);
    people::new_people(world, scene);
    people::training(world, scene);
    people::back_from_holiday(world, scene);
    cloud::roles(world, scene);
    cloud::consents(world, scene);
    cloud::mail(world, scene);
    cloud::blocked(world, scene);
    machines::change_night(world, scene);
}
