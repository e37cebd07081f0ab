/**
 * What keeps a log readable while peers and disks misbehave: {@link io.github.pgwatchrpc.log.PeerText} makes one bounded
 * line of what somebody else wrote, {@link io.github.pgwatchrpc.log.Repeated} tells the first of what repeats at once and
 * then how many more there were.
 *
 * <p>It writes no log itself and depends on nothing but the JDK. It lives in this module because protocols, delivery and
 * sinks all stand on it.
 */
@NullMarked
package io.github.pgwatchrpc.log;

import org.jspecify.annotations.NullMarked;
