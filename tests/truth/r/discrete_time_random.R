# Reference values for tests/truth/test_discrete_time_random_against_r.py.
# Run in this folder: Rscript discrete_time_random.R
# Reads survival_sets.csv, writes discrete_time_random_data.csv (persons in 40 places whose hazards
# differ) and discrete_time_random.csv. Versions: sessionInfo.txt.

suppressMessages(library(lme4))
out <- list()
keep <- function(set, quantity, term, estimate, std_error = NA) {
  out[[length(out) + 1]] <<- data.frame(set, quantity, term, estimate, std_error)
}

drawn <- function(n_place, per_place, spread) {
  n <- n_place * per_place
  data <- data.frame(
    entry = 0, arm = sample(c("programme", "comparison"), n, TRUE),
    age = round(runif(n, 20, 62)), cluster = rep(seq_len(n_place) - 1, each = per_place)
  )
  level <- spread * rnorm(n_place)
  linear <- -3 + 0.5 * (data$arm == "programme") - 0.02 * (data$age - 40) +
    level[data$cluster + 1]
  exit <- 1 + rgeom(n, -expm1(-exp(linear)))
  end <- sample(6:24, n, TRUE)
  data$time <- pmin(exit, end)
  data$cause <- ifelse(exit <= end, "self_support", "censored")
  data
}

months_at_risk <- function(data) {
  rows <- rep(seq_len(nrow(data)), data$time - data$entry)
  long <- data[rows, ]
  long$month <- long$entry + sequence(data$time - data$entry)
  long$y <- as.integer(long$cause == "self_support" & long$month == long$time)
  share <- tapply(long$y, long$month, mean)
  knots <- unique(quantile(long$month[long$y == 1], c(0, 0.25, 0.5, 0.75, 1)))
  curve <- splines::ns(long$month, knots = knots[2:4], Boundary.knots = knots[c(1, 5)])
  colnames(curve) <- paste0("curve", 1:4)
  long <- cbind(long, curve)
  # Months without an exit have an infinite level and tell nothing.
  long$tells <- long$month %in% names(share)[share > 0 & share < 1]
  # A common scale helps the optimiser.
  long$decades <- long$age / 10
  long
}

# glmer's own optimisers stop early; optim goes on from there, on the same deviance.
fitted <- function(formula, data, link, nodes) {
  control <- glmerControl(tolPwrss = 1e-13, check.conv.grad = "ignore",
                          check.conv.singular = "ignore", check.conv.hess = "ignore")
  first <- glmer(formula, data, binomial(link), nAGQ = nodes, control = control)
  deviance <- glmer(formula, data, binomial(link), nAGQ = nodes, control = control,
                    devFunOnly = TRUE)
  at <- unname(c(getME(first, "theta"), fixef(first)))
  for (round in 1:3) {
    at <- nlminb(at, deviance, lower = c(0, rep(-Inf, length(at) - 1)),
                 control = list(rel.tol = 1e-15, x.tol = 1e-12, iter.max = 1000,
                                eval.max = 5000))$par
  }
  information <- numDeriv::hessian(deviance, at) / 2
  list(at = at, value = -deviance(at) / 2, error = sqrt(diag(solve(information))),
       names = c("sd", names(fixef(first))))
}

keep_fit <- function(set, quantity, fit) {
  per <- ifelse(fit$names == "decades", 10, 1)
  shown <- !grepl("month|curve|Intercept", fit$names)
  names <- sub("decades", "age", fit$names)
  keep(set, quantity, names[shown], (fit$at / per)[shown], (fit$error / per)[shown])
  keep(set, paste0(quantity, "_log_likelihood"), "", fit$value)
}

set.seed(20264)
simulated <- drawn(40, 15, 0.6)
write.csv(simulated, "discrete_time_random_data.csv", row.names = FALSE, quote = FALSE)
people <- read.csv("survival_sets.csv")
sets <- list(places = simulated)
for (name in c("monthly", "strata", "cause_absent")) sets[[name]] <- people[people$set == name, ]

for (set in names(sets)) {
  data <- sets[[set]]
  data$arm <- factor(data$arm, c("comparison", "programme"))
  long <- months_at_risk(data)
  for (link in c("cloglog", "logit")) {
    spline <- y ~ arm + decades + curve1 + curve2 + curve3 + curve4 + (1 | cluster)
    for (nodes in if (set == "places") c(1, 7) else 7) {
      keep_fit(set, paste(link, "spline", nodes, sep = "_"), fitted(spline, long, link, nodes))
    }
  }
  if (set == "places") {
    months <- y ~ arm + decades + factor(month) + (1 | cluster)
    keep_fit(set, "cloglog_months_7", fitted(months, long[long$tells, ], "cloglog", 7))
  }
  message(set)
}

write.csv(do.call(rbind, out), "discrete_time_random.csv", row.names = FALSE, quote = FALSE)
