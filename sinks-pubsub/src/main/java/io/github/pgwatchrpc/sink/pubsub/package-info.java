/**
 * Publishes measurements to Google Cloud Pub/Sub, a message for each row or for each envelope. This room depends on the
 * sinks' contract and Google's client; nothing calls it but the service loader.
 *
 * <p>Begin with {@link io.github.pgwatchrpc.sink.pubsub.PubSubSink}. {@code Messages} turns a batch into requests that keep
 * the service's limits, {@code Publishing} sends those of one write and sums up what came of them, {@code Topic} is the
 * service, {@code Failure} what its errors mean. Google's classes are loaded when a sink is opened and not before: {@code
 * Topic} and what works with it know them, provider, settings and sink do not.
 *
 * <p>Google's own {@code Publisher} is not used: it gathers messages of many callers by time and size, which the delivery
 * has done already, makes a future for each message, tries again by itself, and after a failure with an ordering key
 * refuses that key until told to resume. A call for each request leaves all of that out: one answer for up to 1,000
 * messages, known rows behind each, and the order kept by sending a key's next request when the last one is answered.
 */
@NullMarked
package io.github.pgwatchrpc.sink.pubsub;

import org.jspecify.annotations.NullMarked;
