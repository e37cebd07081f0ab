/**
 * Tells from the first bytes of a connection which protocol its peer speaks. A pure function: it reads bytes and answers,
 * it holds no state and touches no socket; who calls it (the listeners) does the waiting and the time-outs.
 */
@NullMarked
package io.github.pgwatchrpc.rpc.detect;

import org.jspecify.annotations.NullMarked;
