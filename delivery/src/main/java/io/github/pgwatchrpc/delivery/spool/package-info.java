/**
 * The durable log between acceptance and the sinks: what was accepted is appended once, each sink has a cursor in it.
 *
 * <pre>
 *   callers ──append──▶ Intake ──turns──▶ Spool ──▶ segment-00000007.log   (RecordWriter: one write, one sync a turn)
 *      ▲                  │                 │  └──▶ RecentRecords          (the newest ones, in memory)
 *      └──── answer ──────┘                 └─────▶ StateFile              (cursors, alternating slots)
 *                                                        ▲
 *   sinks' workers ◀──records── SpoolReader ─────────────┘ moved when rows are done
 * </pre>
 *
 * <p>One thread appends ({@link io.github.pgwatchrpc.delivery.spool.Intake}); whatever arrives while it writes goes into
 * its next turn. Readers go on their own, from memory while they keep up, else from the files. A segment is deleted when
 * all cursors have passed it. The room knows the model and the events of the sink contract, no sinks.
 */
@NullMarked
package io.github.pgwatchrpc.delivery.spool;

import org.jspecify.annotations.NullMarked;
