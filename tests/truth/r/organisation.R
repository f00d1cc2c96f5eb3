# Days in a package with late entry (survival::survfit), rank correlation with an exact p-value,
# a line over areas, areas' changes under two schemes, and the power of a t test by the noncentral
# distribution. Run in this folder: Rscript organisation.R
library(survival)
out <- data.frame(topic = character(), name = character(), value = numeric())
add <- function(topic, name, value) {
  out[nrow(out) + 1, ] <<- list(topic, name, value)
}
days <- c(12, 40, 40, 75, 90, 90, 120, 200, 200, 210, 260, 300, 340, 365, 15, 33)
ended <- c(1, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 0, 1, 0)
entry <- c(0, 0, 10, 30, 0, 50, 0, 0, 60, 100, 0, 0, 200, 0, 5, 0)
stays <- function(name, keep) {
  fit <- survfit(Surv(entry[keep], days[keep], ended[keep]) ~ 1, conf.type = "log-log")
  table <- summary(fit)$table
  add("days", paste0(name, "_median"), table[["median"]])
  add("days", paste0(name, "_low"), table[["0.95LCL"]])
  add("days", paste0(name, "_high"), table[["0.95UCL"]])
}
stays("late", rep(TRUE, 16))
stays("whole", entry == 0)

index <- c(33, 50, 67, 89, 100, 20)
outcome <- c(20.5, 31, 25, 40, 38, 22)
rank <- cor.test(index, outcome, method = "spearman", exact = TRUE)
add("link", "spearman", rank$estimate[[1]])
add("link", "spearman_p", rank$p.value)
line <- lm(outcome ~ I(index / 10))
add("link", "slope", coef(line)[[2]])
add("link", "slope_error", summary(line)$coefficients[2, 2])
add("link", "slope_low", confint(line)[2, 1])
add("link", "slope_high", confint(line)[2, 2])

change <- c(1, 2, 0, 4, 3, 2, 0.5, 2.5)
other <- c(0, 0, 0, 1, 1, 1, 0, 1)
fit <- lm(change ~ other)
x <- model.matrix(fit)
meat <- crossprod(x * residuals(fit))
bread <- solve(crossprod(x))
g <- length(change)
error <- sqrt((bread %*% meat %*% bread)[2, 2] * g / (g - 2))
add("schemes", "estimate", coef(fit)[[2]])
add("schemes", "error", error)
add("schemes", "high", coef(fit)[[2]] + qt(0.975, g - 1) * error)
add("schemes", "p_t", 2 * pt(-abs(coef(fit)[[2]] / error), g - 1))
all_ways <- combn(g, sum(other))
apart <- apply(all_ways, 2, function(chosen) mean(change[chosen]) - mean(change[-chosen]))
add("schemes", "p_permutation", mean(abs(apart) >= abs(coef(fit)[[2]]) - 1e-12))

power_at <- function(size, df) {
  limit <- qt(0.975, df)
  pt(limit, df, ncp = size, lower.tail = FALSE) + pt(-limit, df, ncp = size)
}
for (df in c(5, 13, 40)) {
  size <- uniroot(function(s) power_at(s, df) - 0.8, c(0.1, 20), tol = 1e-12)$root
  add("detectable", paste0("size_", df), size)
  add("detectable", paste0("power_2_", df), power_at(2, df))
}
write.csv(format(out, digits = 16), "organisation.csv", row.names = FALSE, quote = FALSE)
