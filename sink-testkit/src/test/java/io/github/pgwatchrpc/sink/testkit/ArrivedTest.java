package io.github.pgwatchrpc.sink.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ArrivedTest {

    private static String canonical(Object value) {
        Map<String, Object> fields = new HashMap<>();
        fields.put("v", value);
        return new Arrived("d", "m", 1, Map.of(), fields).canonical();
    }

    @Test
    void oneNumberHasManyClasses() {
        for (List<Object> same : List.<List<Object>>of(
                List.of(5L, 5, 5.0, 5f, BigInteger.valueOf(5), new BigDecimal("5.00"), new BigDecimal("5E0")),
                List.of(0.1, 0.1f, new BigDecimal("0.1"), new BigDecimal("0.10")),
                List.of(0L, -0.0, 0.0, BigDecimal.ZERO),
                List.of(Double.MIN_VALUE, new BigDecimal("5E-324"), new BigDecimal("4.9e-324")),
                List.of(Double.MAX_VALUE, new BigDecimal("1.7976931348623157e308")),
                List.of(1e20, new BigDecimal("100000000000000000000"), 1e20f),
                List.of(Long.MAX_VALUE, new BigDecimal("9223372036854775807")))) {
            for (Object each : same) {
                assertEquals(
                        canonical(same.get(0)), canonical(each), each.getClass().toString());
            }
        }
    }

    @Test
    void whatDiffersIsToldApart() {
        List<Object> different = List.of(
                5L,
                5.5,
                "5",
                new byte[] {5},
                List.of(5L),
                Map.of("5", 5L),
                true,
                "true",
                (1L << 53) + 1,
                1L << 53,
                Long.MAX_VALUE,
                9223372036854775807.0,
                Double.NaN,
                "NaN",
                "",
                new byte[0],
                List.of(),
                Map.of(),
                "null",
                0.1 + 0.2,
                0.3,
                "a\tb",
                "a\\tb");
        for (int i = 0; i < different.size(); i++) {
            for (int j = 0; j < i; j++) {
                assertNotEquals(canonical(different.get(i)), canonical(different.get(j)), i + " and " + j);
            }
            assertNotEquals(canonical(null), canonical(different.get(i)));
        }
    }
}
