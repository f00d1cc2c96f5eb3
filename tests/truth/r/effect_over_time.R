# Reference values for tests/truth/test_effect_over_time_against_r.py.
# Run in this folder: Rscript effect_over_time.R
# Reads survival_sets.csv, writes effect_over_time.csv. Versions: sessionInfo.txt.
#
# The curve and the band of survival:::plot.cox.zph(transform = "identity", df = 4), as numbers.

library(survival)
library(splines)

people <- read.csv("survival_sets.csv")
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50, timefix = FALSE)
out <- list()
for (set in c("monthly", "continuous", "strata", "cause_absent")) {
  data <- people[people$set == set, ]
  data$arm <- factor(data$arm, c("comparison", "programme"))
  fit <- coxph(Surv(time, cause == "self_support") ~ arm + age + score, data, control = tight)
  x <- cox.zph(fit, transform = "identity", global = FALSE, terms = FALSE)
  # The residuals of coxph, since those of cox.zph are scaled by another variance.
  y <- residuals(fit, "scaledsch")
  exits <- as.numeric(rownames(y))
  knots <- quantile(exits, c(1 / 3, 2 / 3))
  basis <- ns(exits, knots = knots, Boundary.knots = range(exits), intercept = TRUE)
  at <- c(3, 6, 9, 12, 18, 24, 30)
  at <- at[at >= min(exits) & at <= max(exits)]
  wanted <- predict(basis, at)
  inverse <- solve(crossprod(basis))
  width <- rowSums((wanted %*% inverse) * wanted)
  for (k in 1:3) {
    out[[length(out) + 1]] <- data.frame(
      set, term = c("arm[programme]", "age", "score")[k], time = at,
      estimate = as.vector(wanted %*% inverse %*% crossprod(basis, y[, k])),
      std_error = sqrt(width * vcov(fit)[k, k] * nrow(y)))
  }
}
table <- do.call(rbind, out)
table$estimate <- sprintf("%.15g", table$estimate)
table$std_error <- sprintf("%.15g", table$std_error)
write.csv(table, "effect_over_time.csv", row.names = FALSE, quote = FALSE)
