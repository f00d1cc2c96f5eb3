# Paired shares: McNemar's tests, and Newcombe's interval (1998, method 10) from R's own Wilson
# intervals. Run in this folder: Rscript follow_up.R
pairs <- data.frame(
  both = c(36, 10, 53, 1, 140, 0, 25), left = c(12, 12, 16, 1, 60, 3, 0),
  entered = c(2, 2, 0, 7, 21, 5, 0), neither = c(0, 24, 31, 12, 79, 42, 35)
)
wilson <- function(count, n) {
  as.numeric(suppressWarnings(prop.test(count, n, correct = FALSE))$conf.int)
}
one <- function(row) {
  a <- row[["both"]]; b <- row[["left"]]; c <- row[["entered"]]; d <- row[["neither"]]
  n <- a + b + c + d
  p_after <- (a + c) / n
  p_before <- (a + b) / n
  after <- wilson(a + c, n)
  before <- wilson(a + b, n)
  cross <- a * d - b * c
  cross <- if (cross > n / 2) cross - n / 2 else if (cross >= 0) 0 else cross
  margins <- (a + b) * (c + d) * (a + c) * (b + d)
  phi <- if (margins > 0) cross / sqrt(margins) else 0
  down <- c(p_after - after[1], before[2] - p_before)
  up <- c(p_before - before[1], after[2] - p_after)
  reach <- function(x) sqrt(x[1]^2 - 2 * phi * x[1] * x[2] + x[2]^2)
  exact <- if (b + c > 0) binom.test(c, b + c)$p.value else 1
  chi <- if (b + c > 0) mcnemar.test(matrix(c(a, b, c, d), 2), correct = FALSE)$p.value else NA
  c(change = p_after - p_before, conf_low = p_after - p_before - reach(down),
    conf_high = p_after - p_before + reach(up), p_exact = exact, p_chi_square = chi)
}
made <- t(apply(pairs, 1, one))
write.csv(format(cbind(pairs, made), digits = 16), "follow_up.csv", row.names = FALSE, quote = FALSE)
