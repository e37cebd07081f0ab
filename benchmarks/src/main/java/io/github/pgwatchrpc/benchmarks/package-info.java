/**
 * JMH benchmarks of the hot paths, figures of whole processes, and stand-ins of services to write to. Nothing depends on
 * this room; docs/benchmarks.md tells how to run it.
 */
@NullMarked
package io.github.pgwatchrpc.benchmarks;

import org.jspecify.annotations.NullMarked;
