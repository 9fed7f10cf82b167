package io.github.smartpayoauthmock.junit;

import io.github.smartpayoauthmock.ClientAuth;
import io.github.smartpayoauthmock.SmartpayMock;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * A mock for tests that need it before a test method begins, such as those with a framework that
 * reads URLs at its start. Register it in a field:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final SmartpayMockExtension smartpay =
 *     SmartpayMockExtension.builder().fixtures("...").build();
 *
 * @DynamicPropertySource
 * static void urls(DynamicPropertyRegistry registry) {
 *   registry.add("smartpay.token-url", () -> smartpay.mock().tokenUrl());
 * }
 * }</pre>
 *
 * <p>In a static field, the mock is one realm for the class, with the same URLs in all its tests.
 * It is reset before each of them, unless {@link Builder#keepState} is called, so such tests must
 * not run in parallel. In another field, each test method has a realm of its own.
 *
 * <p>The end of a test judges the expectations of scenarios. A test that fails shows what the mock
 * has received.
 */
public final class SmartpayMockExtension
    implements BeforeAllCallback,
        BeforeEachCallback,
        AfterTestExecutionCallback,
        AfterEachCallback,
        AfterAllCallback,
        TestExecutionExceptionHandler,
        LifecycleMethodExecutionExceptionHandler {

  private final ServerOptions server;
  private final String fixtures;
  private final boolean keepsState;
  private final AtomicReference<TestRealm> realm = new AtomicReference<>();
  private final AtomicInteger classes = new AtomicInteger();

  private SmartpayMockExtension(Builder builder) {
    server = new ServerOptions(builder.tls, builder.clientAuth, builder.args);
    fixtures = builder.fixtures;
    keepsState = builder.keepsState;
  }

  /**
   * Returns a builder.
   *
   * @return the builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns the mock.
   *
   * @return the realm of the class or test
   * @throws IllegalStateException if no class or test runs
   */
  public SmartpayMock mock() {
    TestRealm current = realm.get();
    if (current == null) {
      throw new IllegalStateException(
          "there is no mock yet: register this extension with @RegisterExtension, and call mock()"
              + " when a class (for a static field) or a test runs");
    }
    return current.mock();
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    // JUnit calls this for static fields only (and for a class with one instance for all tests).
    // It calls this again for nested classes, which have the mock of the outer one.
    if (classes.getAndIncrement() == 0) {
      begin(context);
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    if (classes.get() == 0) {
      begin(context);
    } else if (!keepsState) {
      mock().reset();
    }
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    if (context.getExecutionException().isEmpty()) {
      realm.get().verifyExpectations();
    }
  }

  @Override
  public void afterEach(ExtensionContext context) {
    if (context.getExecutionException().isPresent()) {
      realm.get().dropExpectations();
    }
    if (classes.get() == 0) {
      end();
    }
  }

  @Override
  public void afterAll(ExtensionContext context) {
    if (classes.decrementAndGet() == 0) {
      end();
    }
  }

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withWhatTheMockSaw(failure);
  }

  @Override
  public void handleBeforeEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withWhatTheMockSaw(failure);
  }

  @Override
  public void handleAfterEachMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    throw withWhatTheMockSaw(failure);
  }

  private Throwable withWhatTheMockSaw(Throwable failure) {
    realm.get().addWhatTheMockSaw(failure);
    return failure;
  }

  private void begin(ExtensionContext context) {
    realm.set(TestRealm.create(server.server(context), context, fixtures));
  }

  private void end() {
    TestRealm ended = realm.getAndSet(null);
    if (ended != null) {
      ended.close();
    }
  }

  /** Sets the fixtures and options of the mock. */
  public static final class Builder {
    private String fixtures = "";
    private boolean tls;
    private ClientAuth clientAuth = ClientAuth.OFF;
    private List<String> args = List.of();
    private boolean keepsState;

    private Builder() {}

    /**
     * Sets the fixtures. Default: the built-in ones.
     *
     * @param yaml the fixtures, in YAML or JSON
     * @return this builder
     */
    public Builder fixtures(String yaml) {
      fixtures = yaml;
      return this;
    }

    /**
     * Serves HTTPS.
     *
     * @return this builder
     */
    public Builder tls() {
      tls = true;
      return this;
    }

    /**
     * Sets whether the server asks for client certificates. This needs {@link #tls}.
     *
     * @param clientAuth whether it asks
     * @return this builder
     */
    public Builder clientAuth(ClientAuth clientAuth) {
      this.clientAuth = clientAuth;
      return this;
    }

    /**
     * Sets more options of the command line of the server.
     *
     * @param args such as {@code "--journal-size", "100"}
     * @return this builder
     */
    public Builder args(String... args) {
      this.args = List.of(args);
      return this;
    }

    /**
     * Does not reset the mock of a class before each of its tests.
     *
     * @return this builder
     */
    public Builder keepState() {
      keepsState = true;
      return this;
    }

    /**
     * Returns the extension.
     *
     * @return the extension, for a field with {@code @RegisterExtension}
     */
    public SmartpayMockExtension build() {
      return new SmartpayMockExtension(this);
    }
  }
}
