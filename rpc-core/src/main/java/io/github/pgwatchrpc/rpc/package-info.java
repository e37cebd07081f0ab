/**
 * What every protocol of the receiver shares: the error that crosses the wire, the peer that calls and what it may do, the
 * {@link io.github.pgwatchrpc.rpc.Authenticator} that is asked for each call, the observer that is told what happens, the
 * budget for unfinished messages, and the rule for faults. Protocols live in the packages below: {@code gob} and {@code netrpc} are libraries of their own,
 * {@code pgwatch} is the receiver's service on top, {@code detect} and {@code listen} put several protocols on one port.
 */
@NullMarked
package io.github.pgwatchrpc.rpc;

import org.jspecify.annotations.NullMarked;
