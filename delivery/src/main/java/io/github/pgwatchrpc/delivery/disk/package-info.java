/**
 * The few things that the delivery asks of a file system, so that a test can put one before it that fails: short writes,
 * a full disk, errors of the device. The lowest room: everything else of the delivery stands on it, it knows none of them.
 */
@NullMarked
package io.github.pgwatchrpc.delivery.disk;

import org.jspecify.annotations.NullMarked;
