package tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The clock of a realm, and the test's own. */
@SmartpayMockTest
class ClockTest {
  private static final Instant NOON = Instant.parse("2030-01-01T12:00:00Z");

  @Test
  void theClockMovesStopsAndRunsAgain(SmartpayMock mock) {
    assertThat(mock.clock().freeze(NOON)).isEqualTo(NOON);
    assertThat(mock.clock().advance(Duration.ofMinutes(16)))
        .isEqualTo(NOON.plus(Duration.ofMinutes(16)));
    assertThat(mock.clock().advance(Duration.ofMinutes(-16))).isEqualTo(NOON);
    assertThat(mock.clock().now()).isEqualTo(NOON);

    mock.clock().reset();
    assertThat(mock.clock().now()).isBefore(NOON);
    assertThat(mock.clock().set(NOON)).isBetween(NOON, NOON.plusSeconds(60));
    Instant frozen = mock.clock().freeze();
    assertThat(mock.clock().now()).isEqualTo(frozen).isBetween(NOON, NOON.plusSeconds(60));
  }

  @Test
  void anAccessTokenExpires(SmartpayMock mock) {
    String token = mock.issueTokens().accessToken();
    mock.clock().advance(Duration.ofMinutes(16));
    assertThat(new Client(mock).pay(token).body()).contains("ACCESS_TOKEN_EXPIRED");
  }

  @Test
  void theClockOfTheCodeUnderTestFollows(SmartpayMock mock) {
    Clock clock = mock.asClock();
    Clock there = clock.withZone(ZoneId.of("America/Los_Angeles"));
    mock.clock().freeze(NOON);
    assertThat(clock.instant()).isEqualTo(NOON);
    assertThat(clock.millis()).isEqualTo(NOON.toEpochMilli());
    assertThat(clock.getZone()).isEqualTo(ZoneId.of("Z"));
    assertThat(there.instant()).isEqualTo(NOON);
    assertThat(there.getZone()).isEqualTo(ZoneId.of("America/Los_Angeles"));
  }

  @Test
  void itRunsOnAfterTheEndOfTheMock(SmartpayMock mock) {
    SmartpayMock realm = mock.newRealm();
    Clock clock = realm.asClock();
    realm.clock().set(NOON);
    assertThat(clock.instant()).isBetween(NOON, NOON.plusSeconds(60));
    realm.close();
    assertThat(clock.instant()).isBetween(NOON, NOON.plusSeconds(60));
  }

  @Test
  void travelMovesTheClocksOfTheTestToo(SmartpayMock mock) {
    AtomicReference<Instant> mine = new AtomicReference<>(NOON);
    mock.onTravel(duration -> mine.updateAndGet(now -> now.plus(duration)));
    mock.clock().freeze(NOON);

    assertThat(mock.travel(Duration.ofMinutes(16))).isEqualTo(NOON.plus(Duration.ofMinutes(16)));
    assertThat(mine.get()).isEqualTo(NOON.plus(Duration.ofMinutes(16)));
    assertThat(mock.asClock().instant()).isEqualTo(NOON.plus(Duration.ofMinutes(16)));

    // Without travel, only the server's clock moves.
    mock.clock().advance(Duration.ofMinutes(1));
    assertThat(mine.get()).isEqualTo(NOON.plus(Duration.ofMinutes(16)));
  }
}
