/**
 * What brings one sink its rows: reads the log from the sink's cursor on, makes batches, calls the sink and acts on what it
 * answers. Each sink has threads, a reader, a cursor and dead letters of its own, and meets the others nowhere.
 *
 * <pre>
 *  SpoolReader ──records──▶ SinkQueue ──work──▶ SinkWorker's threads ──▶ Sink.write
 *                           │ lanes, pieces         │                       │
 *                           │ to try again          ▼                       │
 *                           │                    Verdict ◀──── outcome ─────┘
 *                           ▼                       │
 *  Spool.move ◀─ cursor ─ Progress ◀──── done ──────┼──▶ DeadLetters (first)
 *                           ▲                       ▼
 *                           └─────────────── Backoff, Window
 * </pre>
 *
 * <p>{@link io.github.pgwatchrpc.delivery.worker.SinkWorker} is the door. {@code SinkQueue} decides everything and knows no
 * threads and no clock of its own, so that a test can go through any course of events step by step.
 */
@NullMarked
package io.github.pgwatchrpc.delivery.worker;

import org.jspecify.annotations.NullMarked;
