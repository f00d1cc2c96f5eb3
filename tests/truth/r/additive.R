# Reference values for tests/truth/test_additive_against_r.py.
# Run in this folder: Rscript additive.R
# Reads survival_sets.csv, writes additive.csv. Versions: sessionInfo.txt.
#
# timereg::aalen breaks ties at random, so tied data are compared with survival::aareg (estimates)
# and with the formulas written out below (errors).

library(survival)
library(timereg)

people <- read.csv("survival_sets.csv")
out <- list()
keep <- function(set, quantity, term, time, estimate, std_error = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, term, time, estimate, std_error)
}
terms <- c("intercept", "arm[programme]", "age", "score")

# Steps at distinct times, residuals of every person at every time: slow and plain.
written_out <- function(data, x, unit) {
  times <- sort(unique(data$time[data$event]))
  b <- rep(0, ncol(x)); residual <- matrix(0, nrow(x), ncol(x)); model <- matrix(0, ncol(x), ncol(x))
  rows <- list()
  for (t in times) {
    at_risk <- data$entry < t & data$time >= t
    if (sum(at_risk) <= ncol(x)) break
    cross <- crossprod(x[at_risk, ], data$weight[at_risk] * x[at_risk, ])
    if (rcond(cross) < 1e-12) break
    inverse <- solve(cross)
    dn <- data$event & data$time == t
    step <- inverse %*% colSums(data$weight[dn] * x[dn, , drop = FALSE])
    b <- b + as.vector(step)
    residual <- residual + as.vector(dn - at_risk * (x %*% step)) * (x %*% inverse)
    squares <- crossprod(x[dn, , drop = FALSE] * data$weight[dn])
    model <- model + inverse %*% squares %*% inverse
    sums <- rowsum(residual * data$weight, unit)
    rows[[length(rows) + 1]] <- data.frame(time = t, term = terms, b = b,
                                           robust = sqrt(colSums(sums^2)), model = sqrt(diag(model)))
  }
  do.call(rbind, rows)
}

for (set in c("monthly", "continuous", "late_weighted_clustered", "strata", "cause_absent")) {
  data <- people[people$set == set, ]
  data$event <- data$cause == "self_support"
  if (set != "late_weighted_clustered") data$weight <- 1
  x <- cbind(1, data$arm == "programme", data$age, data$score)
  unit <- if (set == "late_weighted_clustered") data$cluster else data$person
  found <- written_out(data, x, unit)
  last <- max(found$time)
  times <- sort(unique(found$time))
  some <- found[found$time %in% times[seq_along(times) %% 3 == 0 | times == last], ]
  keep(set, "robust", some$term, some$time, some$b, some$robust)
  keep(set, "model", some$term, some$time, some$b, some$model)
  if (set == "late_weighted_clustered") next
  fit <- aareg(Surv(time, event) ~ I(arm == "programme") + age + score, data, nmin = 5)
  steps <- apply(rowsum(fit$coefficient, fit$times), 2, cumsum)
  at <- sort(unique(fit$times))
  shown <- seq_along(at) %% 3 == 0
  for (k in 1:4) keep(set, "aareg", terms[k], at[shown], steps[shown, k])
  if (set == "continuous") {
    fit <- aalen(Surv(time, event) ~ I(arm == "programme") + age + score, data,
                 max.time = last, n.sim = 0, resample.iid = 0, robust = 1)
    shown <- seq_len(nrow(fit$cum)) %% 3 == 0
    for (k in 1:4) {
      keep(set, "timereg_robust", terms[k], fit$cum[shown, 1], fit$cum[shown, k + 1],
           sqrt(fit$robvar.cum[shown, k + 1]))
      keep(set, "timereg_model", terms[k], fit$cum[shown, 1], fit$cum[shown, k + 1],
           sqrt(fit$var.cum[shown, k + 1]))
    }
  }
}

table <- do.call(rbind, out)
table$estimate <- sprintf("%.15g", table$estimate)
table$std_error <- ifelse(is.na(table$std_error), "NA", sprintf("%.15g", table$std_error))
write.csv(table, "additive.csv", row.names = FALSE, quote = FALSE)
