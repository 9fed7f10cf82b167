/**
 * The mock for tests of JUnit Jupiter: {@link
 * io.github.smartpayoauthmock.junit.SmartpayMockTest @SmartpayMockTest} gives each test method a
 * realm of its own; {@link io.github.smartpayoauthmock.junit.SmartpayMockExtension} is for tests
 * that need the mock before a method begins.
 */
package io.github.smartpayoauthmock.junit;
