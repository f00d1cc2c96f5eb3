# Reference values for tests/truth/test_standardised_against_r.py.
# Run in this folder: Rscript standardised.R (about five minutes)
# Reads survival_sets.csv, writes standardised.csv.

suppressMessages({
  library(survival)
  library(riskRegression)
})
data <- read.csv("survival_sets.csv")
data$arm <- factor(data$arm, c("comparison", "programme"))
data$code <- match(data$cause, c("censored", "self_support", "pension", "died")) - 1
tight <- coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50, timefix = FALSE)
horizons <- c(6, 12, 24)

out <- list()
keep <- function(set, quantity, ties, term, time, estimate, std_error) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, ties, term, time, estimate, std_error)
}

# ate: its estimates, and its errors, whose influence takes the product of one less the jumps as an
# exponential.
for (name in c("monthly", "continuous", "strata")) {
  x <- data[data$set == name, ]
  for (ties in c("efron", "breslow")) {
    fit <- CSC(Hist(time, code) ~ arm + age + score, x, ties = ties, control = tight)
    found <- ate(fit, data = x, treatment = "arm", times = horizons, cause = 1, se = TRUE,
                 band = FALSE, verbose = FALSE, product.limit = TRUE)
    keep(name, "ate", ties, as.character(found$meanRisk$treatment), found$meanRisk$time,
         found$meanRisk$estimate, found$meanRisk$se)
    keep(name, "ate", ties, "programme - comparison", found$diffRisk$time,
         found$diffRisk$estimate, found$diffRisk$se)
  }
}

# The same from coxph with case weights, entry and strata, written out; its influence by numerical
# derivatives in the weight of each person.
jumps <- function(x, fit, event, weight, ties, level) {
  rate <- weight * exp(drop(fit$linear))
  times <- sort(unique(x$time))
  sapply(times, function(t) {
    at <- level & x$entry < t & t <= x$time
    gone <- level & event & x$time == t
    d <- sum(gone)
    if (d == 0) return(0)
    fraction <- if (ties == "efron") (seq_len(d) - 1) / d else rep(0, d)
    sum(mean(weight[gone]) / (sum(rate[at]) - fraction * sum(rate[gone])))
  })
}
standardise <- function(x, weight, ties, strata) {
  times <- sort(unique(x$time))
  level <- if (strata) x$sex else rep("all", nrow(x))
  causes <- unique(x$code[x$code > 0])
  models <- lapply(causes, function(cause) {
    event <- x$code == cause
    formula <- Surv(entry, time, event) ~ arm + age + score
    if (strata) formula <- update(formula, . ~ . + strata(sex))
    x$counted <- weight
    fit <- coxph(formula, cbind(x, event), weights = counted, ties = ties, control = tight,
                 robust = FALSE)
    columns <- cbind(x$arm == "programme", x$age, x$score)
    fit$linear <- columns %*% coef(fit)
    list(cause = cause, beta = coef(fit), baseline = sapply(unique(level), function(one) {
      jumps(x, fit, event, weight, ties, level == one)
    }))
  })
  unlist(lapply(c(1, 0), function(arm) {
    columns <- cbind(arm, x$age, x$score)
    hazards <- lapply(models, function(model) {
      exp(drop(columns %*% model$beta)) * t(model$baseline[, match(level, unique(level))])
    })
    left <- pmax(1 - Reduce(`+`, hazards), 0)
    before <- cbind(1, t(apply(left, 1, cumprod)))[, seq_along(times)]
    jump <- before * hazards[[which(causes == 1)]]
    average <- colSums(weight * jump) / sum(weight)
    c(sapply(horizons, function(h) sum(average[times <= h])),
      sapply(horizons, function(h) sum(average * pmax(h - times, 0))))
  }))
}

variants <- list(
  list("monthly", "plain", "efron", FALSE, FALSE),
  list("continuous", "plain", "efron", FALSE, FALSE),
  list("late_weighted_clustered", "weight", "efron", TRUE, TRUE),
  list("late_weighted_clustered", "weight", "breslow", TRUE, FALSE),
  list("strata", "plain", "breslow", FALSE, TRUE)
)
terms <- c("programme", "comparison")
for (variant in variants) {
  x <- data[data$set == variant[[1]], ]
  x$entry <- if (variant[[4]]) x$entry else 0
  weight <- if (variant[[4]]) x$weight else rep(1, nrow(x))
  value <- function(w) standardise(x, w, variant[[3]], variant[[5]])
  estimate <- value(weight)
  step <- 1e-4
  influence <- sapply(seq_len(nrow(x)), function(person) {
    up <- down <- weight
    up[person] <- up[person] + step
    down[person] <- down[person] - step
    weight[person] * (value(up) - value(down)) / (2 * step)
  })
  quantity <- paste0(rep(c("incidence", "time_lost"), each = 3), if (variant[[5]]) "_strata" else "")
  units <- list(person = seq_len(nrow(x)))
  if (variant[[4]]) units$cluster <- x$cluster
  for (unit in names(units)) {
    sums <- rowsum(t(influence), units[[unit]])
    first <- 1:6
    for (arm in 1:2) {
      keep(variant[[1]], paste(quantity, unit, sep = "_"), variant[[3]], terms[arm], horizons,
           estimate[first + 6 * (arm - 1)], sqrt(colSums(sums^2))[first + 6 * (arm - 1)])
    }
    keep(variant[[1]], paste(quantity, unit, sep = "_"), variant[[3]], "programme - comparison",
         horizons, estimate[first] - estimate[first + 6],
         sqrt(colSums((sums[, first] - sums[, first + 6])^2)))
  }
}

table <- do.call(rbind, out)
for (column in c("estimate", "std_error")) {
  table[[column]] <- sprintf("%.15g", table[[column]])
}
write.csv(table, "standardised.csv", row.names = FALSE, quote = FALSE, na = "")
