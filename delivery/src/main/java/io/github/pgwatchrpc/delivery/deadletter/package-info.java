/**
 * Rows that a target refused for good, kept on disk with the reason until a person decides: replay or drop. Each sink has
 * its own, so that none can fill up what another needs.
 *
 * <p>They are append-only files of records ({@code letters-0000000001.log}), each record either a letter or a mark on
 * earlier ones: queued for another try, delivered, refused again, dropped. So one append, which is synced, changes a
 * letter's state in one step, and where a row is counted is never in doubt. A file is deleted when neither it nor any
 * before it holds a letter that still counts.
 */
@NullMarked
package io.github.pgwatchrpc.delivery.deadletter;

import org.jspecify.annotations.NullMarked;
