package tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.smartpayoauthmock.Scenario;
import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.junit.SmartpayMockExtension;
import io.github.smartpayoauthmock.junit.SmartpayMockTest;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** The extension of JUnit: classes that it runs, and what becomes of them. */
class ExtensionTest {
  /** Runs a class of tests, with the parameters of JUnit's configuration. */
  private static EngineExecutionResults run(Class<?> tests, String... configuration) {
    EngineTestKit.Builder builder =
        EngineTestKit.engine("junit-jupiter").selectors(selectClass(tests));
    for (int i = 0; i < configuration.length; i += 2) {
      builder.configurationParameter(configuration[i], configuration[i + 1]);
    }
    return builder.execute();
  }

  private static Throwable failure(EngineExecutionResults results, String method) {
    return results.testEvents().failed().stream()
        .filter(event -> event.getTestDescriptor().getDisplayName().startsWith(method))
        .map(event -> event.getRequiredPayload(TestExecutionResult.class))
        .findFirst()
        .flatMap(TestExecutionResult::getThrowable)
        .orElseThrow();
  }

  private static void allPass(Class<?> tests, int count, String... configuration) {
    EngineExecutionResults results = run(tests, configuration);
    List<Event> failed = results.testEvents().failed().list();
    assertThat(failed).isEmpty();
    results.testEvents().assertStatistics(stats -> stats.succeeded(count));
    results.containerEvents().assertStatistics(stats -> stats.failed(0));
  }

  @Test
  void eachTestHasARealmOfItsOwnWithTheSameMockInItsMethods() {
    OwnRealm.SEEN.clear();
    allPass(OwnRealm.class, 4);
    assertThat(OwnRealm.SEEN).hasSize(4);
    assertThat(OwnRealm.SEEN).allMatch(ChildJvm::ends);
  }

  @SmartpayMockTest
  @Tag("run-by-a-test")
  static class OwnRealm {
    static final Set<URI> SEEN = ConcurrentHashMap.newKeySet();
    private static SmartpayMock ofTheClass;
    private SmartpayMock first;

    @BeforeAll
    static void beforeAll(SmartpayMock mock) {
      ofTheClass = mock;
    }

    @BeforeEach
    void beforeEach(SmartpayMock mock) {
      first = mock;
    }

    @RepeatedTest(3)
    void aTest(SmartpayMock mock) {
      assertThat(mock).isSameAs(first).isNotSameAs(ofTheClass);
      assertThat(new Client(mock).exchange("unknown").statusCode()).isEqualTo(400);
      assertThat(mock.requests()).hasSize(1);
      SEEN.add(mock.baseUrl());
    }

    @AfterEach
    void afterEach(SmartpayMock mock) {
      assertThat(mock).isSameAs(first);
      assertThat(mock.issueCode()).isNotEmpty();
    }

    @Nested
    class Inner {
      @Test
      void aTest(SmartpayMock mock) {
        assertThat(mock).isSameAs(first).isNotSameAs(ofTheClass);
        SEEN.add(mock.baseUrl());
      }
    }
  }

  @Test
  void testsRunInParallel() {
    allPass(
        Parallel.class,
        8,
        "junit.jupiter.execution.parallel.enabled",
        "true",
        "junit.jupiter.execution.parallel.mode.default",
        "concurrent",
        "junit.jupiter.execution.parallel.config.strategy",
        "fixed",
        "junit.jupiter.execution.parallel.config.fixed.parallelism",
        "8");
  }

  @SmartpayMockTest
  @Tag("run-by-a-test")
  static class Parallel {
    private static final CyclicBarrier TOGETHER = new CyclicBarrier(8);

    @RepeatedTest(8)
    void aTest(SmartpayMock mock) throws Exception {
      TOGETHER.await(20, TimeUnit.SECONDS);
      mock.inject(Scenario.error("server_error").times(1)).expect(1);
      Client client = new Client(mock);
      assertThat(client.exchange(mock.issueCode()).statusCode()).isEqualTo(500);
      TOGETHER.await(20, TimeUnit.SECONDS);
      assertThat(mock.requests()).hasSize(1);
      assertThat(client.exchange(mock.issueCode()).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void fixturesComeFromTheAnnotationOfTheMethodOrClass() {
    allPass(Annotated.class, 4);
  }

  @SmartpayMockTest(fixtures = "extends: default\nclients: [{ id: of-class, secret: x }]")
  @Tag("run-by-a-test")
  static class Annotated {
    @Test
    void ofTheClass(SmartpayMock mock) {
      assertThat(mock.issueCode(code -> code.clientId("of-class"))).isNotEmpty();
    }

    @Test
    @SmartpayMockTest(fixtures = "extends: default\nclients: [{ id: of-method, secret: x }]")
    void ofTheMethod(SmartpayMock mock) {
      assertThat(mock.issueCode(code -> code.clientId("of-method"))).isNotEmpty();
    }

    @Test
    @SmartpayMockTest(fixturesFile = "rotate.yaml")
    void ofAFileBesideTheClass(SmartpayMock mock) {
      assertThat(mock.issueCode(code -> code.clientId("of-file"))).isNotEmpty();
    }

    @Test
    @SmartpayMockTest(fixturesFile = "/tests/rotate.yaml", args = "--journal-size=1")
    void ofAFileOnTheClassPath(SmartpayMock mock) {
      assertThat(mock.issueCode(code -> code.clientId("of-file"))).isNotEmpty();
    }
  }

  @Test
  void aFailingTestShowsWhatTheMockSaw() {
    EngineExecutionResults results = run(Failing.class);
    Throwable ordinary = failure(results, "anOrdinaryFailure");
    assertThat(ordinary).isInstanceOf(ArithmeticException.class).hasMessage("by the test");
    assertThat(ordinary.getSuppressed()).hasSize(1);
    assertThat(ordinary.getSuppressed()[0].toString())
        .startsWith("smartpay-oauth-mock: Requests received (1):\n  #1 POST /oauth2/v3/token")
        .contains("-> 400 invalid_request (row 16)")
        .contains("note (#1): The request used plain HTTP.")
        .doesNotContain("my-code");

    assertThat(failure(results, "inAfterEach").getSuppressed()[0].toString())
        .contains("No request was received.");
    assertThat(failure(results, "closedByTheTest").getSuppressed()).isEmpty();
    assertThat(failure(results, "withoutAMock").getSuppressed()).isEmpty();
  }

  @SmartpayMockTest
  @Tag("run-by-a-test")
  static class Failing {
    private boolean failsLater;

    @Test
    void anOrdinaryFailure(SmartpayMock mock) {
      // The expectation is not judged: the test has a better reason to fail.
      mock.inject(Scenario.error("server_error").when(when -> when.code("none"))).expect(2);
      new Client(mock).exchange("my-code");
      throw new ArithmeticException("by the test");
    }

    @Test
    void inAfterEach(SmartpayMock mock) {
      failsLater = true;
    }

    @Test
    void closedByTheTest(SmartpayMock mock) {
      mock.close();
      throw new ArithmeticException("by the test");
    }

    @Test
    void withoutAMock() {
      throw new ArithmeticException("by the test");
    }

    @AfterEach
    void afterEach() {
      if (failsLater) {
        throw new ArithmeticException("after the test");
      }
    }
  }

  @Test
  void expectationsAreJudgedAtTheEndOfATest() {
    EngineExecutionResults results = run(Expecting.class);
    results.testEvents().assertStatistics(stats -> stats.succeeded(2).failed(1));
    Throwable failure = failure(results, "unmet");
    assertThat(failure)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("expected to match exactly 2 requests, but matched 0");
    assertThat(failure.getSuppressed()[0].toString()).contains("No request was received.");
  }

  @SmartpayMockTest
  @Tag("run-by-a-test")
  static class Expecting {
    @Test
    void met(SmartpayMock mock) {
      mock.inject(Scenario.error("server_error").times(1)).expect(1);
      new Client(mock).exchange("any");
    }

    @Test
    void unmet(SmartpayMock mock) {
      mock.inject(Scenario.error("server_error")).expect(2);
    }

    @Test
    void closed(SmartpayMock mock) {
      mock.close();
    }
  }

  @Test
  void mistakesAreExplained() {
    EngineExecutionResults results = run(Mistaken.class);
    assertThat(failure(results, "bothFixtures"))
        .hasStackTraceContaining("fixtures and fixturesFile: only one can be set");
    assertThat(failure(results, "noFile"))
        .hasStackTraceContaining("there is no \"nowhere.yaml\" on the class path");
    assertThat(failure(results, "aName")).hasStackTraceContaining("fixturesFile");
    assertThat(failure(results, "badFixtures")).hasStackTraceContaining("did you mean \"clients\"");
    assertThat(failure(run(Constructed.class), "aTest"))
        .hasStackTraceContaining("take the SmartpayMock as a parameter of a method");
  }

  @Tag("run-by-a-test")
  static class Mistaken {
    @Test
    @SmartpayMockTest(fixtures = "x", fixturesFile = "y")
    void bothFixtures(SmartpayMock mock) {}

    @Test
    @SmartpayMockTest(fixturesFile = "nowhere.yaml")
    void noFile(SmartpayMock mock) {}

    @Test
    @SmartpayMockTest(fixtures = "rotate.yaml")
    void aName(SmartpayMock mock) {}

    @Test
    @SmartpayMockTest(fixtures = "clints: []")
    void badFixtures(SmartpayMock mock) {}
  }

  @SmartpayMockTest
  @Tag("run-by-a-test")
  static class Constructed {
    Constructed(SmartpayMock mock) {}

    @Test
    void aTest() {}
  }

  @Test
  void aStaticExtensionHasOneRealmThatIsResetBeforeEachTest() {
    allPass(OfClass.class, 4);
  }

  @Tag("run-by-a-test")
  @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
  static class OfClass {
    @RegisterExtension
    static final SmartpayMockExtension SMARTPAY =
        SmartpayMockExtension.builder()
            .fixtures("extends: default\nclients: [{ id: my-app, secret: x }]")
            .build();

    private static final List<URI> SEEN = new ArrayList<>();

    @BeforeAll
    static void beforeAll() {
      SEEN.add(SMARTPAY.mock().tokenUrl());
    }

    @RepeatedTest(2)
    void aTest() {
      SmartpayMock mock = SMARTPAY.mock();
      assertThat(SEEN).containsOnly(mock.tokenUrl());
      assertThat(mock.requests()).isEmpty();
      new Client(mock).exchange("unknown");
      assertThat(mock.issueCode(code -> code.clientId("my-app"))).isNotEmpty();
    }

    @Nested
    class Inner {
      @RepeatedTest(2)
      void aTest() {
        assertThat(SEEN).containsOnly(SMARTPAY.mock().tokenUrl());
        assertThat(SMARTPAY.mock().requests()).isEmpty();
      }
    }
  }

  @Test
  void itsStateCanBeKept() {
    allPass(Keeping.class, 2);
  }

  @Tag("run-by-a-test")
  @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
  static class Keeping {
    @RegisterExtension
    static final SmartpayMockExtension SMARTPAY =
        SmartpayMockExtension.builder().keepState().build();

    @Test
    @Order(1)
    void first() {
      new Client(SMARTPAY.mock()).exchange("unknown");
    }

    @Test
    @Order(2)
    void second() {
      assertThat(SMARTPAY.mock().requests()).hasSize(1);
    }
  }

  @Test
  void aFailedTestLeavesNoExpectationToTheNextOne() {
    EngineExecutionResults results = run(Leaving.class);
    results.testEvents().assertStatistics(stats -> stats.succeeded(1).failed(2));
    Throwable failure = failure(results, "first");
    assertThat(failure).hasMessage("by the test");
    assertThat(failure.getSuppressed()).as("one for each mock").hasSize(2);
  }

  @Tag("run-by-a-test")
  @TestMethodOrder(MethodOrderer.OrderAnnotation.class)
  static class Leaving {
    @RegisterExtension
    static final SmartpayMockExtension ONE = SmartpayMockExtension.builder().build();

    @RegisterExtension
    static final SmartpayMockExtension OTHER = SmartpayMockExtension.builder().keepState().build();

    private static void expectTooMuch() {
      ONE.mock().inject(Scenario.error("server_error")).expect(5);
      OTHER.mock().inject(Scenario.error("server_error")).expect(5);
    }

    @BeforeEach
    void beforeEach(TestInfo test) {
      if (test.getDisplayName().startsWith("second")) {
        expectTooMuch();
        throw new ArithmeticException("before the test");
      }
    }

    @Test
    @Order(1)
    void first() {
      expectTooMuch();
      throw new ArithmeticException("by the test");
    }

    @Test
    @Order(2)
    void second() {}

    @Test
    @Order(3)
    void third() {}
  }

  @Test
  void anotherExtensionHasARealmForEachTest() {
    OfMethod.SEEN.clear();
    EngineExecutionResults results = run(OfMethod.class);
    results.testEvents().assertStatistics(stats -> stats.succeeded(2).failed(2));
    assertThat(OfMethod.SEEN).hasSize(4);
    assertThat(failure(results, "unmet").getSuppressed()[0].toString()).contains("No request");
    assertThat(failure(results, "failing").getSuppressed()[0].toString()).contains("No request");
  }

  @Tag("run-by-a-test")
  static class OfMethod {
    static final Set<URI> SEEN = ConcurrentHashMap.newKeySet();

    @RegisterExtension
    final SmartpayMockExtension smartpay = SmartpayMockExtension.builder().tls().build();

    @BeforeEach
    void beforeEach() {
      SEEN.add(smartpay.mock().baseUrl());
    }

    @RepeatedTest(2)
    void passing() {
      assertThat(smartpay.mock().baseUrl()).hasScheme("https");
    }

    @Test
    void unmet() {
      smartpay.mock().inject(Scenario.error("server_error")).expect(1);
    }

    @Test
    void failing() {
      throw new ArithmeticException("by the test");
    }
  }
}
