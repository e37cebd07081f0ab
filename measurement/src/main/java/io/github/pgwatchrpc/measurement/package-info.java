/**
 * The model of what pgwatch sends: an {@link io.github.pgwatchrpc.measurement.MeasurementEnvelope envelope} names the
 * database and the metric and holds rows, each row is a {@link io.github.pgwatchrpc.measurement.Measurement
 * measurement}, each column has an exact {@link io.github.pgwatchrpc.measurement.ValueType type}.
 *
 * <p>{@link io.github.pgwatchrpc.measurement.JsonWriter} writes it for people and targets, {@link
 * io.github.pgwatchrpc.measurement.BinaryWriter} and {@link io.github.pgwatchrpc.measurement.BinaryReader} for the disk.
 *
 * <p>{@link io.github.pgwatchrpc.measurement.MeasurementEnvelope#withoutKeys} takes out what must not be kept: the keys by
 * which a sender is let in.
 *
 * <p>This is the room between the protocols and the sinks: codecs fill an {@link
 * io.github.pgwatchrpc.measurement.EnvelopeBuilder}, sinks read measurements, neither knows the other. It depends on
 * nothing but the JDK, and everything that leaves it is immutable.
 */
@NullMarked
package io.github.pgwatchrpc.measurement;

import org.jspecify.annotations.NullMarked;
