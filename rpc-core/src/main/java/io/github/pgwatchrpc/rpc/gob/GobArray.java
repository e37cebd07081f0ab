package io.github.pgwatchrpc.rpc.gob;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The list or array of this field is an array of Go's, which has its length in its type: {@code [3]int}, not {@code
 * []int}. Needed to send one; one that is received is checked for its length as well.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.RECORD_COMPONENT})
public @interface GobArray {
    /**
     * The number of elements, and for arrays of arrays those of the inner ones after it.
     *
     * @return lengths, outermost first: {@code {2, 3}} for Go's {@code [2][3]int}
     */
    int[] value();
}
