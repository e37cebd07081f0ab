/**
 * One listening port for several protocols: accepts connections, bounds and observes them, tells from the first bytes what
 * each peer speaks, and hands the pipeline to that {@link io.github.pgwatchrpc.rpc.listen.ProtocolHandler protocol}.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.listen;

import org.jspecify.annotations.NullMarked;
