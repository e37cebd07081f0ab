/**
 * Durable delivery: what was accepted is on disk, and stays there until every sink has it.
 *
 * <pre>
 *             ┌ Intake ─▶ Spool ◀── reader, cursor ── SinkWorker ─▶ sink A
 *  Delivery ──┤             ▲ ▲                          └─▶ DeadLetters of A
 *             │             │ └──── reader, cursor ── SinkWorker ─▶ sink B
 *             └ housekeeping┘                            └─▶ DeadLetters of B
 * </pre>
 *
 * <p>{@link io.github.pgwatchrpc.delivery.Delivery} is the only door; the rooms behind it are {@code spool} (the log),
 * {@code worker} (one sink each), {@code deadletter}, {@code record} (how bytes lie in files) and {@code disk}. The room
 * knows the model and the contract of sinks, no protocol and no sink. docs/delivery.md tells what it promises.
 */
@NullMarked
package io.github.pgwatchrpc.delivery;

import org.jspecify.annotations.NullMarked;
