package io.github.smartpayoauthmock.junit;

import io.github.smartpayoauthmock.SmartpayMock;
import io.github.smartpayoauthmock.SmartpayMockException;
import java.lang.reflect.Method;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;

/** The realm of a test or class. It ends with its context in JUnit. */
record TestRealm(SmartpayMock mock) implements CloseableResource, AutoCloseable {

  /** Creates a realm; {@code fixtures} is empty for those of the server. */
  static TestRealm create(SmartpayMock server, ExtensionContext context, String fixtures) {
    String label = context.getTestMethod().map(Method::getName).orElse(context.getDisplayName());
    return new TestRealm(
        server.newRealm(
            realm -> {
              var labeled = realm.label(label);
              return fixtures.isEmpty() ? labeled : labeled.fixtures(fixtures);
            }));
  }

  /** Judges the expectations at the end of a test that has not failed. */
  void verifyExpectations() {
    try {
      mock.verifyExpectations();
    } catch (AssertionError e) {
      addWhatTheMockSaw(e);
      throw e;
    } catch (IllegalStateException e) {
      // The test has closed its mock, which judged them.
    }
  }

  /** Drops the expectations of a test that has failed, which is the better reason. */
  void dropExpectations() {
    try {
      mock.verifyExpectations();
    } catch (AssertionError | IllegalStateException | SmartpayMockException e) {
      // Each is judged once, so they are gone now.
    }
  }

  /** Adds what the mock has received to the failure of a test, once. */
  void addWhatTheMockSaw(Throwable failure) {
    for (Throwable suppressed : failure.getSuppressed()) {
      if (suppressed instanceof WhatTheMockSaw saw && saw.mock == mock) {
        return;
      }
    }
    try {
      failure.addSuppressed(new WhatTheMockSaw(mock));
    } catch (SmartpayMockException e) {
      failure.addSuppressed(e);
    } catch (IllegalStateException e) {
      // The test has closed its mock.
    }
  }

  @Override
  public void close() {
    mock.stop();
  }

  /** The requests that the mock has received, as part of the stack trace of a failure. */
  private static final class WhatTheMockSaw extends Throwable {
    private static final long serialVersionUID = 1;

    private final transient SmartpayMock mock;

    WhatTheMockSaw(SmartpayMock mock) {
      super(mock.describeRequests(), null, false, false);
      this.mock = mock;
    }

    @Override
    public String toString() {
      return "smartpay-oauth-mock: " + getMessage();
    }
  }
}
