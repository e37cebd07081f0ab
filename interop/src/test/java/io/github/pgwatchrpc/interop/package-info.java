/**
 * Tests that need real Go: the programs of {@code interop/go} call the packaged receiver as a process of its own, and our
 * client calls Go's own server. Nothing calls into this package.
 */
@NullMarked
package io.github.pgwatchrpc.interop;

import org.jspecify.annotations.NullMarked;
