package io.github.smartpayoauthmock.internal;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * A clock that asks another one for the time. When there is no other one any more, it runs on from
 * the last time that it showed.
 */
public final class FollowingClock extends Clock {
  private final Supplier<Instant> followed;
  private final ZoneId zone;
  private final AtomicReference<Clock> last;

  /** Creates a clock; {@code followed} throws IllegalStateException when it has ended. */
  public FollowingClock(Supplier<Instant> followed, ZoneId zone) {
    this(followed, zone, new AtomicReference<>(Clock.systemUTC()));
  }

  private FollowingClock(Supplier<Instant> followed, ZoneId zone, AtomicReference<Clock> last) {
    this.followed = followed;
    this.zone = zone;
    this.last = last;
  }

  @Override
  public Instant instant() {
    try {
      Instant now = followed.get();
      last.set(Clock.offset(Clock.systemUTC(), Duration.between(Instant.now(), now)));
      return now;
    } catch (IllegalStateException e) {
      return last.get().instant();
    }
  }

  @Override
  public ZoneId getZone() {
    return zone;
  }

  @Override
  public Clock withZone(ZoneId other) {
    return new FollowingClock(followed, other, last);
  }
}
