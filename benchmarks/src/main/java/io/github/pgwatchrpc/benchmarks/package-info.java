/** JMH benchmarks of the hot paths. Nothing depends on this room; docs/benchmarks.md tells how to run it. */
@NullMarked
package io.github.pgwatchrpc.benchmarks;

import org.jspecify.annotations.NullMarked;
