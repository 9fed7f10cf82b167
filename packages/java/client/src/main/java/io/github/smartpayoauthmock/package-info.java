/**
 * A mock of the Smartpay Fuse OAuth 2.0 authorization server, for tests of its clients.
 *
 * <p>{@link io.github.smartpayoauthmock.SmartpayMock} starts the server, which is a program inside
 * the package, and controls it. No method takes or returns {@code null} unless it says so; values
 * that may be missing are {@link java.util.Optional}. All but builders may be shared by threads.
 *
 * <p>Calls that the mock refuses throw {@link IllegalArgumentException}, calls that name something
 * that is not there {@link java.util.NoSuchElementException}, and calls after the end {@link
 * IllegalStateException}, with the words of the mock. A server that does not start or respond is a
 * {@link io.github.smartpayoauthmock.SmartpayMockException}. An expectation that is not met is an
 * {@link AssertionError} that shows the requests received.
 */
package io.github.smartpayoauthmock;
